// SPDX-License-Identifier: Apache-2.0
//
// No privilege escalation
//
// Requirement: processes must not gain more privileges than the container began with, by set-user-ID programs say.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].securityContext.allowPrivilegeEscalation
// Allowed:  false. In the standard from v1.8 on.
//           Pods with spec.os.name=windows are not judged (from v1.25): the API server refuses the field there.
// Settings: inject.
// Injects:  false where it is not set. Not beside privileged=true or CAP_SYS_ADMIN (or SYS_ADMIN), where nothing can be
//           held back and the API server refuses it (core validation ValidateSecurityContext). Never on Windows.
// Source:   Pod Security Standards, restricted: "Privilege Escalation"
#include <algorithm>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/standard_checks.h"

namespace tidewaiter {
namespace {

// Whether the API server would take false.
bool MayBeFalse(const Container& container) {
  if (!container.security_context.has_value()) return true;
  const SecurityContext& own = *container.security_context;
  if (own.privileged == true) return false;
  if (!own.capabilities.has_value()) return true;
  return std::none_of(own.capabilities->add.begin(), own.capabilities->add.end(), [](std::string_view capability) {
    return capability == "CAP_SYS_ADMIN" || capability == "SYS_ADMIN";
  });
}

void CheckAllowPrivilegeEscalation(const Pod& pod, const InjectingStandardSettings& settings, Findings& findings) {
  if (IsExcusedAsWindows(pod, settings.minor)) return;
  for (const Container& container : pod.containers) {
    const auto& security_context = container.security_context;
    if (security_context.has_value() && security_context->allow_privilege_escalation == false) continue;
    Finding& finding = findings.emplace_back(ContainerFinding(container, "/securityContext/allowPrivilegeEscalation",
                                                              "must set securityContext.allowPrivilegeEscalation=false",
                                                              "securityContext: {allowPrivilegeEscalation: false}"));
    if (MayBeFalse(container)) finding.fix = "false";
  }
}

bool IsUnset(const Container& container) {
  return !container.security_context.has_value() || !container.security_context->allow_privilege_escalation.has_value();
}

void InjectAllowPrivilegeEscalation(const InjectingStandardSettings& settings, Editor& editor) {
  const Pod& pod = editor.pod();
  if (!settings.inject || pod.is_windows()) return;
  for (std::size_t i = 0; i < pod.containers.size(); ++i) {
    const Container& container = pod.containers[i];
    if (!editor.MayEdit(container) || !IsUnset(container) || !MayBeFalse(container)) continue;
    editor.SetNoPrivilegeEscalation(i);
  }
}

}  // namespace

const Control& AllowPrivilegeEscalationControl() {
  static const Control control =
      MakeControl<InjectingStandardSettings, CheckAllowPrivilegeEscalation, InjectAllowPrivilegeEscalation>({
          .id = "allow-privilege-escalation",
          .summary = "Processes must not gain more privileges than their container began with.",
          .level = "restricted",
          .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted (Privilege "
                    "Escalation)",
          .fields = {"spec.containers[*].securityContext.allowPrivilegeEscalation", "spec.os.name"},
          .injects = "allowPrivilegeEscalation=false",
          .since_minor = 8,
      });
  return control;
}

}  // namespace tidewaiter
