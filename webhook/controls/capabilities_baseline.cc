// SPDX-License-Identifier: Apache-2.0
//
// No capabilities beyond the usual ones
//
// Requirement: containers must not add capabilities beyond those that container runtimes give by default.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].securityContext.capabilities.add
// Allowed:  unset, empty, and the capabilities of the list below, spelt exactly so.
// Settings: none.
// Injects:  nothing: what is forbidden here was asked for.
// Source:   Pod Security Standards, baseline: "Capabilities"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/standard_checks.h"

namespace tidewaiter {
namespace {

constexpr AllowedValue kBaselineCapabilities[] = {
    {"AUDIT_WRITE"},      {"CHOWN"},   {"DAC_OVERRIDE"}, {"FOWNER"},  {"FSETID"},     {"KILL"}, {"MKNOD"}, {"SETGID"},
    {"NET_BIND_SERVICE"}, {"SETFCAP"}, {"SETUID"},       {"SETPCAP"}, {"SYS_CHROOT"},
};

void CheckCapabilitiesBaseline(const Pod& pod, const StandardSettings&, Findings& findings) {
  for (const Container& container : pod.containers) CheckAddedCapabilities(container, kBaselineCapabilities, findings);
}

}  // namespace

const Control& CapabilitiesBaselineControl() {
  static const Control control = MakeControl<StandardSettings, CheckCapabilitiesBaseline>({
      .id = "capabilities-baseline",
      .summary = "Containers must not add capabilities beyond those that runtimes give by default.",
      .level = "baseline",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline (Capabilities)",
      .fields = {"spec.containers[*].securityContext.capabilities.add"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
