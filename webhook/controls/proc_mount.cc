// SPDX-License-Identifier: Apache-2.0
//
// Masked /proc, unless in a user namespace
//
// Requirement: containers must keep the paths of /proc masked that runtimes mask by default.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].securityContext.procMount, spec.hostUsers
// Allowed:  unset, Default; with spec.hostUsers=false any value (from v1.35).
// Settings: none.
// Injects:  nothing: what is forbidden here was asked for.
// Source:   Pod Security Standards, baseline: "/proc Mount Type"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/standard_checks.h"

namespace tidewaiter {
namespace {

void CheckProcMount(const Pod& pod, const StandardSettings& settings, Findings& findings) {
  if (!IsExcusedByUserNamespace(pod, settings.minor)) CheckProcMounts(pod, findings);
}

}  // namespace

const Control& ProcMountControl() {
  static const Control control = MakeControl<StandardSettings, CheckProcMount>({
      .id = "proc-mount",
      .summary = "Containers must keep the default mask of /proc, unless the Pod has a user namespace.",
      .level = "baseline",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline (/proc Mount Type)",
      .fields = {"spec.containers[*].securityContext.procMount", "spec.hostUsers"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
