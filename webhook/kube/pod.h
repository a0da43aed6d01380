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
  std::optional<std::string> supplemental_groups_policy;
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

// core/v1 VolumeDevice: a raw block device.
struct VolumeDevice {
  std::string name;
  std::string device_path;
  bool operator==(const VolumeDevice&) const = default;
};

// core/v1 ContainerPort.
struct ContainerPort {
  std::optional<std::string> name;
  std::optional<std::int64_t> container_port;
  std::optional<std::int64_t> host_port;
  std::optional<std::string> protocol;  // "TCP" when not set
  bool operator==(const ContainerPort&) const = default;
};

// core/v1 SecretKeySelector and SecretEnvSource: the Secret, and for the first its key.
struct SecretReference {
  std::optional<std::string> name;
  std::optional<std::string> key;
  bool operator==(const SecretReference&) const = default;
};

// core/v1 EnvVarSource; only Secrets matter here.
struct EnvVarSource {
  std::optional<SecretReference> secret_key_ref;
  bool operator==(const EnvVarSource&) const = default;
};

// core/v1 EnvVar.
struct EnvVar {
  std::string name;
  std::optional<std::string> value;
  std::optional<EnvVarSource> value_from;
  bool operator==(const EnvVar&) const = default;
};

// core/v1 EnvFromSource.
struct EnvFromSource {
  std::optional<std::string> prefix;
  std::optional<SecretReference> secret_ref;
  bool operator==(const EnvFromSource&) const = default;
};

// core/v1 HTTPGetAction and TCPSocketAction: the host that is asked; the Pod itself when not set.
struct NetworkAction {
  std::optional<std::string> host;
  bool operator==(const NetworkAction&) const = default;
};

// core/v1 ProbeHandler and LifecycleHandler.
struct Handler {
  std::optional<NetworkAction> http_get;
  std::optional<NetworkAction> tcp_socket;
  bool operator==(const Handler&) const = default;
};

// core/v1 Lifecycle.
struct Lifecycle {
  std::optional<Handler> post_start;
  std::optional<Handler> pre_stop;
  bool operator==(const Lifecycle&) const = default;
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
  std::optional<std::string> image_pull_policy;
  std::optional<std::string> restart_policy;
  std::optional<SecurityContext> security_context;
  std::optional<ResourceRequirements> resources;
  std::vector<VolumeMount> volume_mounts;
  std::vector<VolumeDevice> volume_devices;
  std::vector<ContainerPort> ports;
  std::vector<EnvVar> env;
  std::vector<EnvFromSource> env_from;
  std::optional<Handler> liveness_probe;
  std::optional<Handler> readiness_probe;
  std::optional<Handler> startup_probe;
  std::optional<Lifecycle> lifecycle;
  std::optional<bool> stdin_open;  // field `stdin`
  std::optional<bool> tty;
  bool operator==(const Container&) const = default;
};

// core/v1 ImageVolumeSource.
struct ImageVolumeSource {
  std::optional<std::string> reference;
  std::optional<std::string> pull_policy;
  bool operator==(const ImageVolumeSource&) const = default;
};

// core/v1 HostPathVolumeSource.
struct HostPathVolumeSource {
  std::optional<std::string> path;
  bool operator==(const HostPathVolumeSource&) const = default;
};

// core/v1 EmptyDirVolumeSource.
struct EmptyDirVolumeSource {
  std::optional<std::string> medium;
  std::optional<Quantity> size_limit;
  bool operator==(const EmptyDirVolumeSource&) const = default;
};

// core/v1 ServiceAccountTokenProjection.
struct ServiceAccountTokenProjection {
  std::optional<std::string> audience;  // the API server itself when not set
  bool operator==(const ServiceAccountTokenProjection&) const = default;
};

// core/v1 VolumeProjection; only tokens matter here.
struct VolumeProjection {
  std::optional<ServiceAccountTokenProjection> service_account_token;
  bool operator==(const VolumeProjection&) const = default;
};

// core/v1 ProjectedVolumeSource.
struct ProjectedVolumeSource {
  std::vector<VolumeProjection> sources;
  bool operator==(const ProjectedVolumeSource&) const = default;
};

// core/v1 Volume.
struct Volume {
  std::string name;
  // The name of the one volume source that is set ("emptyDir", "hostPath", "image", ...); empty when none is, which the
  // API server defaults to an emptyDir.
  std::string source;
  std::optional<ImageVolumeSource> image;
  std::optional<HostPathVolumeSource> host_path;
  std::optional<EmptyDirVolumeSource> empty_dir;
  std::optional<ProjectedVolumeSource> projected;
  bool operator==(const Volume&) const = default;
};

// core/v1 HostAlias.
struct HostAlias {
  std::optional<std::string> ip;
  std::vector<std::string> hostnames;
  bool operator==(const HostAlias&) const = default;
};

// A Pod, or the Pod that a template describes.
struct Pod {
  std::map<std::string, std::string, std::less<>> labels;
  std::map<std::string, std::string, std::less<>> annotations;
  // Where it is or will be. Not decoded, since a Pod need not say it: the request knows.
  std::string namespace_name;
  // spec.os.name, "" when not set. Only "linux" and "windows" mean something to the API server.
  std::string os_name;
  std::optional<bool> host_network;
  std::optional<bool> host_pid;
  std::optional<bool> host_ipc;
  std::optional<bool> host_users;
  std::optional<bool> share_process_namespace;
  std::optional<bool> automount_service_account_token;
  std::optional<PodSecurityContext> security_context;
  std::optional<ResourceRequirements> resources;
  // spec.serviceAccountName, or its old name spec.serviceAccount (core/v1 conversion takes them for one).
  std::string service_account_name;
  std::string node_name;
  std::optional<std::string> restart_policy;
  std::optional<std::string> dns_policy;
  std::optional<std::string> priority_class_name;
  std::optional<std::string> runtime_class_name;
  std::vector<HostAlias> host_aliases;
  std::vector<Volume> volumes;
  // Every container of every kind, in the order init (and sidecar), regular, ephemeral.
  std::vector<Container> containers;
  // status.conditions says PodScheduled=True: a node was chosen for it. Never so in a Pod that is being created, whose
  // status the API server clears (registry/core/pod strategy PrepareForCreate), nor in a template, which has none.
  bool is_scheduled = false;
  bool operator==(const Pod&) const = default;

  // spec.os.name is "windows": Linux-only fields are refused by the API server there.
  bool is_windows() const { return os_name == "windows"; }
  // A static Pod's image in the API (annotation kubernetes.io/config.mirror): the kubelet ignores changes to it.
  bool is_mirror() const { return annotations.contains("kubernetes.io/config.mirror"); }
};

}  // namespace tidewaiter
