// SPDX-License-Identifier: Apache-2.0
//
// Processes kept apart
//
// Requirement: the containers of a Pod do not see each other's processes: through /proc they could read memory,
//              environment and file systems.
//
// Fields:   spec.shareProcessNamespace; it holds for every container of the Pod
// Allowed:  unset, false.
// Settings: none.
// Injects:  nothing: unset is false.
// Source:   https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/
#include "webhook/controls/base/control.h"

namespace tidewaiter {
namespace {

struct ShareProcessNamespaceSettings {
  static const SettingsSchema<ShareProcessNamespaceSettings>& Schema() {
    static const SettingsSchema<ShareProcessNamespaceSettings> schema = {};
    return schema;
  }
};

void CheckShareProcessNamespace(const Pod& pod, const ShareProcessNamespaceSettings&, Findings& findings) {
  if (pod.share_process_namespace != true) return;
  findings
      .emplace_back(PodFinding("/spec/shareProcessNamespace", "must not set shareProcessNamespace=true",
                               "shareProcessNamespace: false"))
      .fix = "false";
}

}  // namespace

const Control& ShareProcessNamespaceControl() {
  static const Control control = MakeControl<ShareProcessNamespaceSettings, CheckShareProcessNamespace>({
      .id = "share-process-namespace",
      .summary = "The containers of a Pod must not see each other's processes.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/",
      .fields = {"spec.shareProcessNamespace"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
