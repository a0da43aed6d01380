// SPDX-License-Identifier: Apache-2.0
//
// Capabilities by list
//
// Requirement: containers add no Linux capabilities but those that the policy allows, and drop those that it says. For
//              the lists of the Pod Security Standards see capabilities-baseline and capabilities-restricted.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].securityContext.capabilities.{add,drop}
// Allowed:  add: what is in `allowedAdd`, when that is given, and not in `deniedAdd`; runtimes take upper and lower
//           case and a CAP_ in front for the same, so what is denied is denied in every spelling. drop: each of
//           `requiredDrop`, or ALL, spelt exactly so.
//           Pods with spec.os.name=windows are not judged: the API server refuses the field there.
// Settings: allowedAdd, deniedAdd (wins), requiredDrop, inject.
// Injects:  what of `requiredDrop` is missing in drop, unless the container adds it. Never on Windows.
// Source:   https://kubernetes.io/docs/concepts/security/linux-kernel-security-constraints/; capabilities(7); CIS
//           Kubernetes Benchmark, sections 5.2.8 to 5.2.10 (NET_RAW, added and assigned capabilities)
#include <algorithm>

#include "absl/strings/match.h"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct CapabilitiesSettings {
  std::optional<std::vector<std::string>> allowed_add;
  // Each alone is enough to leave the container or to see the traffic of others.
  std::vector<std::string> denied_add = {"ALL",     "BPF",       "DAC_READ_SEARCH", "NET_ADMIN",  "NET_RAW",
                                         "PERFMON", "SYS_ADMIN", "SYS_MODULE",      "SYS_PTRACE", "SYS_RAWIO"};
  std::vector<std::string> required_drop;
  bool inject = false;

  static const SettingsSchema<CapabilitiesSettings>& Schema() {
    using S = CapabilitiesSettings;
    static const SettingsSchema<S> schema = {
        {"allowedAdd", &S::allowed_add, "capabilities that may be added; unset: all that are not denied"},
        {"deniedAdd", &S::denied_add, "capabilities that may not be added, in whatever spelling"},
        {"requiredDrop", &S::required_drop, "capabilities that must be dropped, by name or by ALL"},
        {"inject", &S::inject, "drop what of requiredDrop is missing and not added"},
    };
    return schema;
  }
};

bool IsSame(std::string_view a, std::string_view b) {
  const auto bare = [](std::string_view name) {
    return absl::StartsWithIgnoreCase(ToAbsl(name), "CAP_") ? name.substr(4) : name;
  };
  return absl::EqualsIgnoreCase(ToAbsl(bare(a)), ToAbsl(bare(b)));
}

template <typename Text>
bool HoldsSame(const std::vector<Text>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view held) { return IsSame(held, name); });
}

const Capabilities& CapabilitiesOf(const Container& container) {
  static const Capabilities kNone;
  const auto& security_context = container.security_context;
  return security_context.has_value() && security_context->capabilities.has_value() ? *security_context->capabilities
                                                                                    : kNone;
}

bool Drops(const Capabilities& capabilities, std::string_view name) {
  return Holds(capabilities.drop, name) || Holds(capabilities.drop, "ALL");
}

void CheckCapabilities(const Pod& pod, const CapabilitiesSettings& settings, Findings& findings) {
  if (pod.is_windows()) return;
  for (const Container& container : pod.containers) {
    const Capabilities& capabilities = CapabilitiesOf(container);
    for (std::size_t i = 0; i < capabilities.add.size(); ++i) {
      const std::string_view name = capabilities.add[i];
      const bool is_allowed = !settings.allowed_add.has_value() || Holds(*settings.allowed_add, name);
      if (is_allowed && !HoldsSame(settings.denied_add, name)) continue;
      findings.push_back(
          ContainerFinding(container, StrCat("/securityContext/capabilities/add/", i),
                           StrCat("must not include ", Quoted(name), " in securityContext.capabilities.add"),
                           "securityContext: {capabilities: {add: []}}"));
    }
    for (const std::string& name : settings.required_drop) {
      if (Drops(capabilities, name)) continue;
      findings.push_back(
          ContainerFinding(container, "/securityContext/capabilities/drop",
                           StrCat("must include ", Quoted(name), " in securityContext.capabilities.drop"),
                           StrCat("securityContext: {capabilities: {drop: [", name, "]}}")));
    }
  }
}

void InjectCapabilities(const CapabilitiesSettings& settings, Editor& editor) {
  const Pod& pod = editor.pod();
  if (!settings.inject || pod.is_windows()) return;
  for (std::size_t i = 0; i < pod.containers.size(); ++i) {
    if (!editor.MayEdit(pod.containers[i])) continue;
    for (const std::string& name : settings.required_drop) {
      const Capabilities& capabilities = CapabilitiesOf(pod.containers[i]);
      if (!Drops(capabilities, name) && !HoldsSame(capabilities.add, name)) editor.DropCapability(i, name);
    }
  }
}

}  // namespace

const Control& CapabilitiesControl() {
  static const Control control = MakeControl<CapabilitiesSettings, CheckCapabilities, InjectCapabilities>({
      .id = "capabilities",
      .summary = "Containers must add no capabilities but allowed ones, and drop those that the policy says.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/security/linux-kernel-security-constraints/",
      .fields = {"spec.containers[*].securityContext.capabilities.add",
                 "spec.containers[*].securityContext.capabilities.drop"},
      .injects = "what of the setting `requiredDrop` is not dropped",
  });
  return control;
}

}  // namespace tidewaiter
