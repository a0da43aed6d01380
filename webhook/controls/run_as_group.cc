// SPDX-License-Identifier: Apache-2.0
//
// Groups from known ranges
//
// Requirement: containers run with a numeric primary group that the policy allows; by default any but root's, 0.
//
// Fields:   spec.securityContext.runAsGroup, spec.{containers,initContainers,ephemeralContainers}[*].securityContext.
//           runAsGroup
// Allowed:  a group in one of `ranges`; a container may leave it unset when the Pod sets it, or where nothing is
//           `required`: then the image decides, and root's group is what most images without a numeric one get.
//           Pods with spec.os.name=windows are not judged: the API server refuses the field there.
// Settings: ranges, required, inject.
// Injects:  the group `inject` into each container that has neither its own nor the Pod's. Never on Windows.
// Source:   https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
//           ("Set the security context for a Pod")
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/effective.h"
#include "webhook/controls/base/id_settings.h"

namespace tidewaiter {
namespace {

using RunAsGroupSettings = IdSettings<1, true>;

constexpr IdField kRunAsGroupField = {"runAsGroup", &PodSecurityContext::run_as_group, &SecurityContext::run_as_group};

void CheckRunAsGroup(const Pod& pod, const RunAsGroupSettings& settings, Findings& findings) {
  if (!pod.is_windows()) CheckIds(pod, kRunAsGroupField, settings.ranges, settings.required, findings);
}

void InjectRunAsGroup(const RunAsGroupSettings& settings, Editor& editor) {
  const Pod& pod = editor.pod();
  if (!settings.inject.has_value() || pod.is_windows()) return;
  for (std::size_t i = 0; i < pod.containers.size(); ++i) {
    const Container& container = pod.containers[i];
    if (!editor.MayEdit(container) || EffectiveRunAsGroup(pod, container).has_value()) continue;
    editor.SetRunAsGroup(i, *settings.inject);
  }
}

}  // namespace

const Control& RunAsGroupControl() {
  static const Control control = MakeControl<RunAsGroupSettings, CheckRunAsGroup, InjectRunAsGroup>({
      .id = "run-as-group",
      .summary = "Containers must run with a numeric primary group from the ranges that the policy allows, not root's.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/ (runAsGroup)",
      .fields = {"spec.securityContext.runAsGroup", "spec.containers[*].securityContext.runAsGroup"},
      .injects = "the runAsGroup of the setting `inject` where none is set",
  });
  return control;
}

}  // namespace tidewaiter
