// SPDX-License-Identifier: Apache-2.0
//
// The fields of a Pod that container hardening reads, typed and named as in the Kubernetes API (core/v1 PodSpec).
// A plain value: no behaviour, no JSON. pod_decoder.h reads it; std::optional means "not set", and null counts as not
// set. Tested by tests/kube/pod_decoder_test.cc.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/kube/quantity.h"

namespace tidewaiter {

// core/v1 Capabilities.
struct Capabilities {
  std::vector<std::string> add;
  std::vector<std::string> drop;
  bool operator==(const Capabilities&) const = default;
};

// core/v1 SELinuxOptions.
struct SeLinuxOptions {
  std::optional<std::string> user;
  std::optional<std::string> role;
  std::optional<std::string> type;
  std::optional<std::string> level;
  bool operator==(const SeLinuxOptions&) const = default;
};

// core/v1 SeccompProfile and AppArmorProfile, which have the same shape.
struct LocalProfile {
  std::optional<std::string> type;
  std::optional<std::string> localhost_profile;
  bool operator==(const LocalProfile&) const = default;
};

// core/v1 WindowsSecurityContextOptions.
struct WindowsOptions {
  std::optional<bool> host_process;
  std::optional<std::string> run_as_user_name;
  bool operator==(const WindowsOptions&) const = default;
};

// core/v1 SecurityContext: one container's. Overrides PodSecurityContext field by field.
struct SecurityContext {
  std::optional<bool> allow_privilege_escalation;
  std::optional<LocalProfile> app_armor_profile;
  std::optional<Capabilities> capabilities;
  std::optional<bool> privileged;
  std::optional<std::string> proc_mount;
  std::optional<bool> read_only_root_filesystem;
  std::optional<std::int64_t> run_as_group;
  std::optional<bool> run_as_non_root;
  std::optional<std::int64_t> run_as_user;
  std::optional<SeLinuxOptions> se_linux_options;
  std::optional<LocalProfile> seccomp_profile;
  std::optional<WindowsOptions> windows_options;
  bool operator==(const SecurityContext&) const = default;
};

// core/v1 Sysctl.
struct Sysctl {
  std::string name;
  std::string value;
  bool operator==(const Sysctl&) const = default;
};

// core/v1 PodSecurityContext.
struct PodSecurityContext {
  std::optional<LocalProfile> app_armor_profile;
  std::optional<std::int64_t> fs_group;
  std::optional<std::int64_t> run_as_group;
  std::optional<bool> run_as_non_root;
  std::optional<std::int64_t> run_as_user;
  std::optional<SeLinuxOptions> se_linux_options;
  std::optional<LocalProfile> seccomp_profile;
  std::vector<std::int64_t> supplemental_groups;
  std::vector<Sysctl> sysctls;
  std::optional<WindowsOptions> windows_options;
  bool operator==(const PodSecurityContext&) const = default;
};

// Resource name ("cpu", "memory", "ephemeral-storage", ...) to amount.
using ResourceList = std::map<std::string, Quantity, std::less<>>;

// core/v1 ResourceRequirements, of a container or (since Kubernetes 1.34) of the whole Pod.
struct ResourceRequirements {
  ResourceList requests;
  ResourceList limits;
  bool operator==(const ResourceRequirements&) const = default;
};

// core/v1 VolumeMount.
struct VolumeMount {
  std::string name;
  std::string mount_path;
  std::optional<bool> read_only;
  std::optional<std::string> sub_path;
  std::optional<std::string> sub_path_expr;
  bool operator==(const VolumeMount&) const = default;
};

// core/v1 ContainerPort.
struct ContainerPort {
  std::optional<std::string> name;
  std::optional<std::int64_t> container_port;
  std::optional<std::int64_t> host_port;
  bool operator==(const ContainerPort&) const = default;
};

// The four kinds a container can be of. A sidecar is an init container with restartPolicy Always.
enum class ContainerKind { kRegular, kInit, kSidecar, kEphemeral };

// "container", "init container", "sidecar container", "ephemeral container": how messages name the kind.
std::string_view ContainerKindName(ContainerKind kind);

// core/v1 Container or EphemeralContainer.
struct Container {
  ContainerKind kind = ContainerKind::kRegular;
  // The place in its own list of the PodSpec.
  std::size_t index = 0;
  // JSON pointer from the Pod (or pod template) root, such as "/spec/initContainers/0".
  std::string pointer;

  std::string name;
  std::optional<std::string> image;
  std::optional<std::string> restart_policy;
  std::optional<SecurityContext> security_context;
  std::optional<ResourceRequirements> resources;
  std::vector<VolumeMount> volume_mounts;
  std::vector<ContainerPort> ports;
  bool operator==(const Container&) const = default;
};

// core/v1 ImageVolumeSource.
struct ImageVolumeSource {
  std::optional<std::string> reference;
  bool operator==(const ImageVolumeSource&) const = default;
};

// core/v1 Volume.
struct Volume {
  std::string name;
  // The name of the one volume source that is set ("emptyDir", "hostPath", "image", ...); empty when none is, which the
  // API server defaults to an emptyDir.
  std::string source;
  std::optional<ImageVolumeSource> image;
  bool operator==(const Volume&) const = default;
};

// A Pod, or the Pod that a template describes.
struct Pod {
  std::map<std::string, std::string, std::less<>> labels;
  std::map<std::string, std::string, std::less<>> annotations;
  // spec.os.name, "" when not set. Only "linux" and "windows" mean something to the API server.
  std::string os_name;
  std::optional<bool> host_users;
  std::optional<PodSecurityContext> security_context;
  std::optional<ResourceRequirements> resources;
  std::string service_account_name;
  std::vector<Volume> volumes;
  // Every container of every kind, in the order init (and sidecar), regular, ephemeral.
  std::vector<Container> containers;
  bool operator==(const Pod&) const = default;

  // spec.os.name is "windows": Linux-only fields are refused by the API server there.
  bool is_windows() const { return os_name == "windows"; }
  // A static Pod's image in the API (annotation kubernetes.io/config.mirror): the kubelet ignores changes to it.
  bool is_mirror() const { return annotations.contains("kubernetes.io/config.mirror"); }
};

}  // namespace tidewaiter
