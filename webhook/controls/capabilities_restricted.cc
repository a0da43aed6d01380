// SPDX-License-Identifier: Apache-2.0
//
// No capabilities
//
// Requirement: containers must drop all capabilities, and may add NET_BIND_SERVICE only.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].securityContext.capabilities.{drop,add}
// Allowed:  drop: a list that holds ALL, spelt exactly so. add: unset, empty, NET_BIND_SERVICE.
//           Pods with spec.os.name=windows are not judged (from v1.25): the API server refuses the field there.
// Settings: inject.
// Injects:  ALL behind what drop holds already, in each container whose drop lacks it; what the container adds stays
//           and is judged. Never on Windows.
// Source:   Pod Security Standards, restricted: "Capabilities"
#include <algorithm>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/standard_checks.h"

namespace tidewaiter {
namespace {

constexpr AllowedValue kRestrictedCapabilities[] = {{"NET_BIND_SERVICE"}};

bool DropsAll(const Container& container) {
  if (!container.security_context.has_value() || !container.security_context->capabilities.has_value()) return false;
  const std::vector<std::string_view>& drop = container.security_context->capabilities->drop;
  return std::find(drop.begin(), drop.end(), "ALL") != drop.end();
}

void CheckCapabilitiesRestricted(const Pod& pod, const InjectingStandardSettings& settings, Findings& findings) {
  if (IsExcusedAsWindows(pod, settings.minor)) return;
  for (const Container& container : pod.containers) {
    if (!DropsAll(container)) {
      findings
          .emplace_back(ContainerFinding(container, "/securityContext/capabilities/drop",
                                         "must set securityContext.capabilities.drop=[\"ALL\"]",
                                         "securityContext: {capabilities: {drop: [ALL]}}"))
          .fix = R"(["ALL"])";
    }
    CheckAddedCapabilities(container, kRestrictedCapabilities, findings);
  }
}

void InjectCapabilitiesRestricted(const InjectingStandardSettings& settings, Editor& editor) {
  const Pod& pod = editor.pod();
  if (!settings.inject || pod.is_windows()) return;
  for (std::size_t i = 0; i < pod.containers.size(); ++i) {
    const Container& container = pod.containers[i];
    if (editor.MayEdit(container) && !DropsAll(container)) editor.DropAllCapabilities(i);
  }
}

}  // namespace

const Control& CapabilitiesRestrictedControl() {
  static const Control control =
      MakeControl<InjectingStandardSettings, CheckCapabilitiesRestricted, InjectCapabilitiesRestricted>({
          .id = "capabilities-restricted",
          .summary = "Containers must drop all capabilities, and may add NET_BIND_SERVICE only.",
          .level = "restricted",
          .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted (Capabilities)",
          .fields = {"spec.containers[*].securityContext.capabilities.drop",
                     "spec.containers[*].securityContext.capabilities.add", "spec.os.name"},
          .injects = "capabilities.drop=[\"ALL\"], behind what is dropped already",
          .since_minor = 22,
          .overrides = {"capabilities-baseline"},
      });
  return control;
}

}  // namespace tidewaiter
