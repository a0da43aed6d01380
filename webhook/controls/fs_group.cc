// SPDX-License-Identifier: Apache-2.0
//
// Groups that own volumes
//
// Requirement: the group that the kubelet gives a Pod's volumes to is one that the policy allows; by default any but
//              root's, 0.
//
// Fields:   spec.securityContext.fsGroup; containers have no such field
// Allowed:  a group in one of `ranges`; unset unless `required`.
//           Pods with spec.os.name=windows are not judged: the API server refuses the field there.
// Settings: ranges, required, inject.
// Injects:  the group `inject` where none is set: a program that runs as non-root can then write its volumes. Never on
//           Windows.
// Source:   https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
//           ("Configure volume permission and ownership change policy for Pods")
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/id_settings.h"

namespace tidewaiter {
namespace {

using FsGroupSettings = IdSettings<1, false>;

std::optional<std::int64_t> FsGroup(const Pod& pod) {
  return pod.security_context.has_value() ? pod.security_context->fs_group : std::nullopt;
}

void CheckFsGroup(const Pod& pod, const FsGroupSettings& settings, Findings& findings) {
  if (pod.is_windows()) return;
  const std::optional<std::int64_t> group = FsGroup(pod);
  if (group.has_value() ? Contains(settings.ranges, *group) : !settings.required) return;
  findings.push_back(PodFinding("/spec/securityContext/fsGroup",
                                StrCat("must set securityContext.fsGroup within ", RangesText(settings.ranges),
                                       group.has_value() ? StrCat(" (is ", *group, ")") : std::string()),
                                StrCat("securityContext: {fsGroup: ", settings.ranges.front().min, "}")));
}

void InjectFsGroup(const FsGroupSettings& settings, Editor& editor) {
  if (!settings.inject.has_value() || !editor.may_edit_pod() || editor.pod().is_windows()) return;
  if (!FsGroup(editor.pod()).has_value()) editor.SetFsGroup(*settings.inject);
}

}  // namespace

const Control& FsGroupControl() {
  static const Control control = MakeControl<FsGroupSettings, CheckFsGroup, InjectFsGroup>({
      .id = "fs-group",
      .summary = "The group that owns a Pod's volumes must be one that the policy allows, not root's.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/ (fsGroup)",
      .fields = {"spec.securityContext.fsGroup"},
      .injects = "the fsGroup of the setting `inject` where none is set",
  });
  return control;
}

}  // namespace tidewaiter
