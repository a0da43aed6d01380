// SPDX-License-Identifier: Apache-2.0
//
// No sub-paths of volumes that can be written
//
// Requirement: containers mount whole volumes, where the contents can be written by Pods: a path inside one is followed
//              by the kubelet with its own rights, and symbolic links there have led out of the volume more than once.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].volumeMounts[*].{subPath,subPathExpr}
// Allowed:  neither; or a volume of one of `allowedTypes`, by default those that the kubelet writes itself.
// Settings: allowedTypes.
// Injects:  nothing.
// Source:   CVE-2017-1002101 and CVE-2021-25741 (https://github.com/kubernetes/kubernetes/issues/60813 and 104980);
//           https://kubernetes.io/docs/concepts/storage/volumes/#using-subpath
#include <algorithm>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/controls/base/volume_sources.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct SubPathSettings {
  std::vector<std::string> allowed_types = {"configMap", "downwardAPI", "image", "projected", "secret"};

  static const SettingsSchema<SubPathSettings>& Schema() {
    using S = SubPathSettings;
    static const SettingsSchema<S> schema = {
        SettingField<S>("allowedTypes", &S::allowed_types, "volume types of which a sub-path may be mounted")
            .OneOf(VolumeSourceNames()),
    };
    return schema;
  }
};

// The type of the volume that is mounted; a volume that is not there has none.
std::string_view TypeOf(const Pod& pod, std::string_view volume_name) {
  const auto volume = std::find_if(pod.volumes.begin(), pod.volumes.end(),
                                   [&](const Volume& candidate) { return candidate.name == volume_name; });
  if (volume == pod.volumes.end()) return {};
  return volume->source.empty() ? std::string_view("emptyDir") : std::string_view(volume->source);
}

void CheckSubPath(const Pod& pod, const SubPathSettings& settings, Findings& findings) {
  for (const Container& container : pod.containers) {
    for (std::size_t i = 0; i < container.volume_mounts.size(); ++i) {
      const VolumeMount& mount = container.volume_mounts[i];
      const bool has_expression = mount.sub_path_expr.has_value() && !mount.sub_path_expr->empty();
      const bool has_path = mount.sub_path.has_value() && !mount.sub_path->empty();
      if ((!has_expression && !has_path) || Holds(settings.allowed_types, TypeOf(pod, mount.name))) continue;
      const std::string_view field = has_expression ? "subPathExpr" : "subPath";
      findings.push_back(ContainerFinding(
          container, StrCat("/volumeMounts/", i, "/", field),
          StrCat("must not mount a ", field, " of volume ", Quoted(mount.name)),
          StrCat("volumeMounts: [{name: ", mount.name, ", mountPath: ", mount.mount_path, "}]  # all of it")));
    }
  }
}

}  // namespace

const Control& SubPathControl() {
  static const Control control = MakeControl<SubPathSettings, CheckSubPath>({
      .id = "sub-path",
      .summary = "Containers must not mount sub-paths of volumes that Pods can write.",
      .level = "recommended",
      .source = "https://github.com/kubernetes/kubernetes/issues/104980 (CVE-2021-25741)",
      .fields = {"spec.containers[*].volumeMounts[*].subPath", "spec.containers[*].volumeMounts[*].subPathExpr"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
