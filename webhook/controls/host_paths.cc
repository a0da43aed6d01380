// SPDX-License-Identifier: Apache-2.0
//
// Known paths of the node
//
// Requirement: Pods see only those paths of the node that the policy allows, and write only to those it lets them.
//
// Fields:   spec.volumes[*].hostPath.path, spec.{containers,initContainers,ephemeralContainers}[*].volumeMounts[*].
//           readOnly
// Allowed:  a path that is one of `allowed` or lies below it, '..' and the like resolved. Where that entry says
//           readOnly, each mount of the volume in every kind of container must too. No entry: no path of the node.
// Settings: allowed (list of path and readOnly).
// Injects:  nothing: a program that is to write would fail only when it runs.
// Source:   https://kubernetes.io/docs/concepts/storage/volumes/#hostpath. A program that may write below a path can
//           put a symbolic link there that leads out of it, so prefer readOnly.
#include <algorithm>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/paths.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct AllowedHostPath {
  std::string path;
  bool read_only = false;

  static const SettingsSchema<AllowedHostPath>& Schema() {
    using S = AllowedHostPath;
    static const SettingsSchema<S> schema = {
        CheckedField("path", &S::path, "an absolute path of the node; what lies below it is allowed too",
                     [](const std::string& path) { return CheckNodePaths({path}); })
            .Required(),
        {"readOnly", &S::read_only, "only where each mount of the volume sets readOnly=true"},
    };
    return schema;
  }
};

struct HostPathsSettings {
  std::vector<AllowedHostPath> allowed;

  static const SettingsSchema<HostPathsSettings>& Schema() {
    using S = HostPathsSettings;
    static const SettingsSchema<S> schema = {
        {"allowed", &S::allowed, "the paths of the node that Pods may use; none when empty"},
    };
    return schema;
  }
};

void CheckMounts(const Pod& pod, const Volume& volume, std::string_view path, Findings& findings) {
  for (const Container& container : pod.containers) {
    for (std::size_t i = 0; i < container.volume_mounts.size(); ++i) {
      const VolumeMount& mount = container.volume_mounts[i];
      if (mount.name != volume.name || mount.read_only == true) continue;
      findings.push_back(ContainerFinding(
          container, StrCat("/volumeMounts/", i, "/readOnly"),
          StrCat("must mount volume ", Quoted(volume.name), " (hostPath ", Quoted(path), ") with readOnly=true"),
          StrCat("volumeMounts: [{name: ", volume.name, ", readOnly: true}]")));
    }
  }
}

void CheckHostPaths(const Pod& pod, const HostPathsSettings& settings, Findings& findings) {
  for (std::size_t i = 0; i < pod.volumes.size(); ++i) {
    const Volume& volume = pod.volumes[i];
    if (!volume.host_path.has_value()) continue;
    const std::string_view given = volume.host_path->path.value_or("");
    const std::string path = NormalNodePath(given);
    bool is_allowed = false;
    bool may_write = false;
    for (const AllowedHostPath& allowed : settings.allowed) {
      if (!IsSameOrBelow(path, NormalNodePath(allowed.path))) continue;
      is_allowed = true;
      may_write = may_write || !allowed.read_only;
    }
    if (!is_allowed) {
      findings.push_back(
          VolumeFinding(volume, i, "/hostPath/path",
                        StrCat("must not use hostPath ", Quoted(given), ": it is under none of the allowed paths"),
                        settings.allowed.empty() ? std::string("emptyDir: {}")
                                                 : StrCat("hostPath: {path: ", settings.allowed.front().path, "}")));
    } else if (!may_write) {
      CheckMounts(pod, volume, given, findings);
    }
  }
}

}  // namespace

const Control& HostPathsControl() {
  static const Control control = MakeControl<HostPathsSettings, CheckHostPaths>({
      .id = "host-paths",
      .summary = "Pods must see only those paths of the node that the policy allows, read-only where it says so.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/storage/volumes/#hostpath",
      .fields = {"spec.volumes[*].hostPath.path", "spec.containers[*].volumeMounts[*].readOnly"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
