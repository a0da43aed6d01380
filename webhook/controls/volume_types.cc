// SPDX-License-Identifier: Apache-2.0
//
// Volume types by list
//
// Requirement: Pods use no volume types but those that the policy allows. For the list of the Pod Security Standards
// see
//              restricted-volumes.
//
// Fields:   spec.volumes[*]; any container can mount a volume of the Pod
// Allowed:  a type in `allowed`, when that is given, and not in `denied`. A volume without a source is an emptyDir, as
//           the API server makes it one.
// Settings: allowed, denied (wins). The default denies what reaches into the node or runs programs on it: hostPath,
//           flexVolume (a program of the node's) and gitRepo (git hooks of a stranger's repository, CVE-2024-10220).
// Injects:  nothing.
// Source:   https://kubernetes.io/docs/concepts/storage/volumes/
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/controls/base/volume_sources.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct VolumeTypesSettings {
  std::optional<std::vector<std::string>> allowed;
  std::vector<std::string> denied = {"flexVolume", "gitRepo", "hostPath"};

  static const SettingsSchema<VolumeTypesSettings>& Schema() {
    using S = VolumeTypesSettings;
    static const SettingsSchema<S> schema = {
        SettingField<S>("allowed", &S::allowed, "types that may be used; unset: all that are not denied")
            .OneOf(VolumeSourceNames()),
        SettingField<S>("denied", &S::denied, "types that may not be used").OneOf(VolumeSourceNames()),
    };
    return schema;
  }
};

void CheckVolumeTypes(const Pod& pod, const VolumeTypesSettings& settings, Findings& findings) {
  for (std::size_t i = 0; i < pod.volumes.size(); ++i) {
    const Volume& volume = pod.volumes[i];
    const std::string_view type = volume.source.empty() ? std::string_view("emptyDir") : volume.source;
    if ((!settings.allowed.has_value() || Holds(*settings.allowed, type)) && !Holds(settings.denied, type)) continue;
    findings.push_back(VolumeFinding(
        volume, i, volume.source.empty() ? std::string() : StrCat("/", EscapePointerToken(type)),
        StrCat("must not be of type ", Quoted(type)),
        settings.allowed.has_value() && !settings.allowed->empty() ? StrCat(settings.allowed->front(), ": {...}")
                                                                   : std::string("emptyDir: {}")));
  }
}

}  // namespace

const Control& VolumeTypesControl() {
  static const Control control = MakeControl<VolumeTypesSettings, CheckVolumeTypes>({
      .id = "volume-types",
      .summary = "Pods must use no volume types but those that the policy allows.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/storage/volumes/",
      .fields = {"spec.volumes[*]"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
