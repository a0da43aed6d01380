// SPDX-License-Identifier: Apache-2.0
//
// Users from known ranges
//
// Requirement: containers run as a numeric user that the policy allows; by default one so high that no user of the node
//              has it.
//
// Fields:   spec.securityContext.runAsUser, spec.{containers,initContainers,ephemeralContainers}[*].securityContext.
//           runAsUser
// Allowed:  a user in one of `ranges`; a container may leave it unset when the Pod sets it, or where nothing is
//           `required`. Pods with spec.os.name=windows are not judged: the API server refuses the field there.
// Settings: ranges, required, inject.
// Injects:  the user `inject` into each container that has neither its own nor the Pod's. Never on Windows.
// Source:   https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
//           ("Set the security context for a Pod"); CIS Kubernetes Benchmark, section 5.2 (root containers)
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/effective.h"
#include "webhook/controls/base/id_settings.h"

namespace tidewaiter {
namespace {

// The ids of a node's services and people count up from 1 and from 1000, and hardly get as far as 10000.
using RunAsUserRangeSettings = IdSettings<10'000, true>;

constexpr IdField kRunAsUserField = {"runAsUser", &PodSecurityContext::run_as_user, &SecurityContext::run_as_user};

void CheckRunAsUserRange(const Pod& pod, const RunAsUserRangeSettings& settings, Findings& findings) {
  if (!pod.is_windows()) CheckIds(pod, kRunAsUserField, settings.ranges, settings.required, findings);
}

void InjectRunAsUserRange(const RunAsUserRangeSettings& settings, Editor& editor) {
  const Pod& pod = editor.pod();
  if (!settings.inject.has_value() || pod.is_windows()) return;
  for (std::size_t i = 0; i < pod.containers.size(); ++i) {
    const Container& container = pod.containers[i];
    if (!editor.MayEdit(container) || EffectiveRunAsUser(pod, container).has_value()) continue;
    editor.SetRunAsUser(i, *settings.inject);
  }
}

}  // namespace

const Control& RunAsUserRangeControl() {
  static const Control control = MakeControl<RunAsUserRangeSettings, CheckRunAsUserRange, InjectRunAsUserRange>({
      .id = "run-as-user-range",
      .summary = "Containers must run as a numeric user from the ranges that the policy allows.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/ (runAsUser)",
      .fields = {"spec.securityContext.runAsUser", "spec.containers[*].securityContext.runAsUser"},
      .injects = "the runAsUser of the setting `inject` where none is set",
  });
  return control;
}

}  // namespace tidewaiter
