// SPDX-License-Identifier: Apache-2.0
//
// Volume types
//
// Requirement: Pods must use no volume types that reach around the cluster's own storage objects.
//
// Fields:   spec.volumes[*].<type>. Volumes are the Pod's: no container kind has its own.
// Allowed:  the types of the list below. A volume without a type is an emptyDir (core/v1 SetDefaults_Volume).
// Settings: none.
// Injects:  nothing: what is forbidden here was asked for.
// Source:   Pod Security Standards, restricted: "Volume Types"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/standard_checks.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr AllowedValue kAllowedVolumes[] = {
    {""},          {"configMap"}, {"csi"},   {"downwardAPI"},
    {"emptyDir"},  {"ephemeral"}, {"image"}, {"persistentVolumeClaim"},
    {"projected"}, {"secret"},
};

void CheckRestrictedVolumes(const Pod& pod, const StandardSettings& settings, Findings& findings) {
  for (std::size_t i = 0; i < pod.volumes.size(); ++i) {
    const Volume& volume = pod.volumes[i];
    if (IsAllowed(volume.source, kAllowedVolumes, settings.minor)) continue;
    const std::string what = StrCat("must not be of type ", Quoted(volume.source));
    Finding& finding = findings.emplace_back(VolumeFinding(volume, i, StrCat("/", EscapePointerToken(volume.source)),
                                                           what, "persistentVolumeClaim: {claimName: <claim>}"));
    // Another directory of the node is another violation.
    if (volume.host_path.has_value()) finding.identity = StrCat(what, volume.host_path->path.value_or(""));
  }
}

}  // namespace

const Control& RestrictedVolumesControl() {
  static const Control control = MakeControl<StandardSettings, CheckRestrictedVolumes>({
      .id = "restricted-volumes",
      .summary = "Pods must use no volume types that reach around the cluster's own storage objects.",
      .level = "restricted",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted (Volume Types)",
      .fields = {"spec.volumes[*]"},
      .injects = "",
      .overrides = {"host-path-volumes"},
  });
  return control;
}

}  // namespace tidewaiter
