// SPDX-License-Identifier: Apache-2.0
//
// Not user 0
//
// Requirement: Pods must not ask to run as root by number.
//
// Fields:   spec.securityContext.runAsUser, spec.{containers,initContainers,ephemeralContainers}[*].securityContext.
//           runAsUser, spec.hostUsers
// Allowed:  unset, anything but 0; with spec.hostUsers=false, where root is nobody on the node, also 0 (from v1.35).
//           In the standard from v1.23 on.
// Settings: none.
// Injects:  nothing: unset is allowed. A user is injected by run-as-non-root, which needs one.
// Source:   Pod Security Standards, restricted: "Running as Non-root user"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/standard_checks.h"

namespace tidewaiter {
namespace {

void CheckRunAsUser(const Pod& pod, const StandardSettings& settings, Findings& findings) {
  if (!IsExcusedByUserNamespace(pod, settings.minor)) CheckUserZero(pod, findings);
}

}  // namespace

const Control& RunAsUserControl() {
  static const Control control = MakeControl<StandardSettings, CheckRunAsUser>({
      .id = "run-as-user",
      .summary = "Pods must not ask to run as root by number.",
      .level = "restricted",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted (Running as Non-root "
                "user)",
      .fields = {"spec.securityContext.runAsUser", "spec.containers[*].securityContext.runAsUser", "spec.hostUsers"},
      .injects = "",
      .since_minor = 23,
  });
  return control;
}

}  // namespace tidewaiter
