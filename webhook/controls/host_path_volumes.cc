// SPDX-License-Identifier: Apache-2.0
//
// No hostPath volumes
//
// Requirement: Pods must not mount directories of the node.
//
// Fields:   spec.volumes[*].hostPath. Volumes are the Pod's: no container kind has its own.
// Allowed:  unset.
// Settings: none.
// Injects:  nothing: what is forbidden here was asked for.
// Source:   Pod Security Standards, baseline: "HostPath Volumes"
#include "webhook/controls/base/control.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

void CheckHostPathVolumes(const Pod& pod, const StandardSettings&, Findings& findings) {
  for (std::size_t i = 0; i < pod.volumes.size(); ++i) {
    const Volume& volume = pod.volumes[i];
    if (!volume.host_path.has_value()) continue;
    findings.push_back(VolumeFinding(volume, i, "/hostPath",
                                     StrCat("must not use hostPath ", Quoted(volume.host_path->path.value_or(""))),
                                     "emptyDir: {}"));
  }
}

}  // namespace

const Control& HostPathVolumesControl() {
  static const Control control = MakeControl<StandardSettings, CheckHostPathVolumes>({
      .id = "host-path-volumes",
      .summary = "Pods must not mount directories of the node.",
      .level = "baseline",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline (HostPath Volumes)",
      .fields = {"spec.volumes[*].hostPath"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
