// SPDX-License-Identifier: Apache-2.0
//
// Read-only root file system
//
// Requirement: containers must not be able to write to their root file system.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].securityContext.readOnlyRootFilesystem
// Allowed:  true. Pods with spec.os.name=windows are not judged: the API server refuses the field there.
// Settings: inject, writablePaths, sizeLimit.
// Injects:  readOnlyRootFilesystem=true where it is not set; then, for each of writablePaths that the container has not
//           mounted, an emptyDir of its own, so that a program that needs /tmp still starts. Containers do not share
//           one: what a container keeps in /tmp was private before and stays so. An ephemeral container gets no volume:
//           the API server lets none be added to a running Pod.
// Source:   https://kubernetes.io/docs/tasks/configure-pod-container/security-context/;
//           NSA/CISA Kubernetes Hardening Guide, "Immutable container file systems"
#include <algorithm>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/paths.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct ReadOnlyRootFilesystemSettings {
  bool inject = false;
  std::vector<std::string> writable_paths;
  Quantity size_limit;

  static const SettingsSchema<ReadOnlyRootFilesystemSettings>& Schema() {
    using S = ReadOnlyRootFilesystemSettings;
    static const SettingsSchema<S> schema = {
        {"inject", &S::inject, "set readOnlyRootFilesystem=true where it is not set"},
        CheckedField("writablePaths", &S::writable_paths,
                     "with inject: absolute paths that get an emptyDir in each container that was made read-only and "
                     "has nothing mounted there",
                     CheckMountPaths),
        CheckedField("sizeLimit", &S::size_limit, "sizeLimit of each injected emptyDir; 0 sets none", CheckNotNegative),
    };
    return schema;
  }
};

void CheckReadOnlyRootFilesystem(const Pod& pod, const ReadOnlyRootFilesystemSettings&, Findings& findings) {
  if (pod.is_windows()) return;
  for (const Container& container : pod.containers) {
    if (container.security_context.has_value() && container.security_context->read_only_root_filesystem == true)
      continue;
    findings
        .emplace_back(ContainerFinding(container, "/securityContext/readOnlyRootFilesystem",
                                       "must set securityContext.readOnlyRootFilesystem=true",
                                       "securityContext: {readOnlyRootFilesystem: true}"))
        .fix = "true";
  }
}

// A volume name that no volume of the Pod has: writable-web-tmp, and writable-web-tmp-2 when that is taken.
std::string FreeVolumeName(const Pod& pod, const Container& container, std::string_view path) {
  const std::string wanted = VolumeNameFor(container.name, path);
  std::string name = wanted;
  const auto is_taken = [&](const Volume& volume) { return volume.name == name; };
  for (int n = 2; std::any_of(pod.volumes.begin(), pod.volumes.end(), is_taken); ++n) name = StrCat(wanted, "-", n);
  return name;
}

// Whether something of the user's lies at or above the path. The API server takes no mount at the path of a raw block
// device either (core validation ValidateVolumeMounts).
bool IsMounted(const Container& container, std::string_view path) {
  return std::any_of(container.volume_mounts.begin(), container.volume_mounts.end(),
                     [&](const VolumeMount& mount) { return IsSameOrBelow(path, mount.mount_path); }) ||
         std::any_of(container.volume_devices.begin(), container.volume_devices.end(),
                     [&](const VolumeDevice& device) { return IsSameOrBelow(path, device.device_path); });
}

void InjectReadOnlyRootFilesystem(const ReadOnlyRootFilesystemSettings& settings, Editor& editor) {
  const Pod& pod = editor.pod();
  if (!settings.inject || pod.is_windows()) return;
  for (std::size_t i = 0; i < pod.containers.size(); ++i) {
    const Container& container = pod.containers[i];
    if (!editor.MayEdit(container)) continue;
    const bool is_set =
        container.security_context.has_value() && container.security_context->read_only_root_filesystem.has_value();
    if (!is_set) editor.SetReadOnlyRootFilesystem(i);
    // Where another policy made it read-only, this one's paths are needed all the same.
    if (!editor.HasSet(StrCat(container.pointer, "/securityContext/readOnlyRootFilesystem"))) continue;
    if (!editor.may_add_volumes() || container.kind == ContainerKind::kEphemeral) continue;
    for (const std::string& path : settings.writable_paths) {
      if (IsMounted(container, path)) continue;
      const std::string_view name = editor.AddEmptyDir(FreeVolumeName(pod, container, path), settings.size_limit);
      editor.AddVolumeMount(i, name, path);
    }
  }
}

}  // namespace

const Control& ReadOnlyRootFilesystemControl() {
  static const Control control =
      MakeControl<ReadOnlyRootFilesystemSettings, CheckReadOnlyRootFilesystem, InjectReadOnlyRootFilesystem>({
          .id = "read-only-root-filesystem",
          .summary = "Containers must not be able to write to their root file system.",
          .level = "recommended",
          .source =
              "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/ (readOnlyRootFilesystem)",
          .fields = {"spec.containers[*].securityContext.readOnlyRootFilesystem"},
          .injects = "readOnlyRootFilesystem=true, and an emptyDir at each of writablePaths",
      });
  return control;
}

}  // namespace tidewaiter
