// SPDX-License-Identifier: Apache-2.0
//
// No privileged containers
//
// Requirement: containers must not run privileged, which turns most of what isolates them off.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].securityContext.privileged
// Allowed:  unset, false.
// Settings: none.
// Injects:  nothing: what is forbidden here was asked for.
// Source:   Pod Security Standards, baseline: "Privileged Containers"
#include "webhook/controls/base/control.h"

namespace tidewaiter {
namespace {

void CheckPrivileged(const Pod& pod, const StandardSettings&, Findings& findings) {
  for (const Container& container : pod.containers) {
    if (!container.security_context.has_value() || container.security_context->privileged != true) continue;
    findings
        .emplace_back(ContainerFinding(container, "/securityContext/privileged",
                                       "must not set securityContext.privileged=true",
                                       "securityContext: {privileged: false}"))
        .fix = "false";
  }
}

}  // namespace

const Control& PrivilegedControl() {
  static const Control control = MakeControl<StandardSettings, CheckPrivileged>({
      .id = "privileged",
      .summary = "Containers must not run privileged.",
      .level = "baseline",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline (Privileged Containers)",
      .fields = {"spec.containers[*].securityContext.privileged"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
