// SPDX-License-Identifier: Apache-2.0
//
// SELinux options
//
// Requirement: Pods must not leave the SELinux types that are made for containers, nor set an SELinux user or role.
//
// Fields:   {type,user,role} of spec.securityContext.seLinuxOptions and of spec.{containers,initContainers,
//           ephemeralContainers}[*].securityContext.seLinuxOptions
// Allowed:  type: unset, empty, container_t, container_init_t, container_kvm_t, and container_engine_t (from v1.31).
//           user, role: unset, empty. level: anything.
// Settings: none.
// Injects:  nothing: without options the runtime labels the container.
// Source:   Pod Security Standards, baseline: "SELinux"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/security_contexts.h"
#include "webhook/controls/base/standard_checks.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr AllowedValue kAllowedTypes[] = {
    {""}, {"container_t"}, {"container_init_t"}, {"container_kvm_t"}, {"container_engine_t", 31},
};

void CheckSeLinuxOptions(const Pod& pod, const StandardSettings& settings, Findings& findings) {
  const auto check = [&](const SecurityContextOwner& owner, const SeLinuxOptions& options) {
    const auto forbid = [&](std::string_view field, std::string_view value, std::string_view instead) {
      findings.push_back(
          owner.MakeFinding(StrCat("/securityContext/seLinuxOptions/", field),
                            StrCat("must not set securityContext.seLinuxOptions.", field, "=", Quoted(value)),
                            StrCat("securityContext: {seLinuxOptions: {", field, ": ", instead, "}}")));
    };
    const std::string_view type = options.type.value_or("");
    if (!IsAllowed(type, kAllowedTypes, settings.minor)) forbid("type", type, "container_t");
    if (!options.user.value_or("").empty()) forbid("user", *options.user, "\"\"");
    if (!options.role.value_or("").empty()) forbid("role", *options.role, "\"\"");
  };
  ForEachSetting(pod, &PodSecurityContext::se_linux_options, &SecurityContext::se_linux_options, check);
}

}  // namespace

const Control& SeLinuxOptionsControl() {
  static const Control control = MakeControl<StandardSettings, CheckSeLinuxOptions>({
      .id = "se-linux-options",
      .summary = "Pods must keep to the SELinux types made for containers, and set no SELinux user or role.",
      .level = "baseline",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline (SELinux)",
      .fields = {"spec.securityContext.seLinuxOptions.type", "spec.securityContext.seLinuxOptions.user",
                 "spec.securityContext.seLinuxOptions.role", "spec.containers[*].securityContext.seLinuxOptions.type",
                 "spec.containers[*].securityContext.seLinuxOptions.user",
                 "spec.containers[*].securityContext.seLinuxOptions.role"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
