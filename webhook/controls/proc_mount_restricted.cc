// SPDX-License-Identifier: Apache-2.0
//
// Masked /proc
//
// Requirement: containers must keep the paths of /proc masked that runtimes mask by default, in a user namespace too.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].securityContext.procMount
// Allowed:  unset, Default. In the standard from v1.35 on, when the baseline's check became the milder one.
// Settings: none.
// Injects:  nothing: what is forbidden here was asked for.
// Source:   Pod Security Standards, restricted: "/proc Mount Type";
//           pod-security-admission policy/check_procMount_restricted.go
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/standard_checks.h"

namespace tidewaiter {
namespace {

void CheckProcMountRestricted(const Pod& pod, const StandardSettings&, Findings& findings) {
  CheckProcMounts(pod, findings);
}

}  // namespace

const Control& ProcMountRestrictedControl() {
  static const Control control = MakeControl<StandardSettings, CheckProcMountRestricted>({
      .id = "proc-mount-restricted",
      .summary = "Containers must keep the default mask of /proc, in a user namespace too.",
      .level = "restricted",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted (/proc Mount Type)",
      .fields = {"spec.containers[*].securityContext.procMount"},
      .injects = "",
      .since_minor = 35,
      .overrides = {"proc-mount"},
  });
  return control;
}

}  // namespace tidewaiter
