// SPDX-License-Identifier: Apache-2.0
//
// The fields of a Pod that container hardening reads, typed and named as in the Kubernetes API (core/v1 PodSpec).
// A plain value: no behaviour, no JSON. pod_decoder.h reads it; std::optional means "not set", and null counts as not
// set. Tested by tests/kube/pod_decoder_test.cc.
//
// Who owns the texts: a Pod holds views only, so that reading one copies nothing. Those that were decoded lie in the
// JsonDocument, which must outlive the Pod and its copies; those that an editor set lie in the policy's settings, which
// must as well, or in Pod::texts, which copies share.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/kube/quantity.h"
#include "webhook/kube/text_map.h"

namespace tidewaiter {

// core/v1 Capabilities.
struct Capabilities {
  std::vector<std::string_view> add;
  std::vector<std::string_view> drop;
  bool operator==(const Capabilities&) const = default;
};

// core/v1 SELinuxOptions.
struct SeLinuxOptions {
  std::optional<std::string_view> user;
  std::optional<std::string_view> role;
  std::optional<std::string_view> type;
  std::optional<std::string_view> level;
  bool operator==(const SeLinuxOptions&) const = default;
};

// core/v1 SeccompProfile and AppArmorProfile, which have the same shape.
struct LocalProfile {
  std::optional<std::string_view> type;
  std::optional<std::string_view> localhost_profile;
  bool operator==(const LocalProfile&) const = default;
};

// core/v1 WindowsSecurityContextOptions.
struct WindowsOptions {
  std::optional<bool> host_process;
  std::optional<std::string_view> run_as_user_name;
  bool operator==(const WindowsOptions&) const = default;
};

// core/v1 SecurityContext: one container's. Overrides PodSecurityContext field by field.
struct SecurityContext {
  std::optional<bool> allow_privilege_escalation;
  std::optional<LocalProfile> app_armor_profile;
  std::optional<Capabilities> capabilities;
  std::optional<bool> privileged;
  std::optional<std::string_view> proc_mount;
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
  std::string_view name;
  std::string_view value;
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
  std::optional<std::string_view> supplemental_groups_policy;
  std::vector<Sysctl> sysctls;
  std::optional<WindowsOptions> windows_options;
  bool operator==(const PodSecurityContext&) const = default;
};

// Resource name ("cpu", "memory", "ephemeral-storage", ...) to amount.
using ResourceList = TextMap<Quantity>;

// core/v1 ResourceRequirements, of a container or (since Kubernetes 1.34) of the whole Pod.
struct ResourceRequirements {
  ResourceList requests;
  ResourceList limits;
  bool operator==(const ResourceRequirements&) const = default;
};

// core/v1 VolumeMount.
struct VolumeMount {
  std::string_view name;
  std::string_view mount_path;
  std::optional<bool> read_only;
  std::optional<std::string_view> sub_path;
  std::optional<std::string_view> sub_path_expr;
  bool operator==(const VolumeMount&) const = default;
};

// core/v1 VolumeDevice: a raw block device.
struct VolumeDevice {
  std::string_view name;
  std::string_view device_path;
  bool operator==(const VolumeDevice&) const = default;
};

// core/v1 ContainerPort.
struct ContainerPort {
  std::optional<std::string_view> name;
  std::optional<std::int64_t> container_port;
  std::optional<std::int64_t> host_port;
  std::optional<std::string_view> protocol;  // "TCP" when not set
  bool operator==(const ContainerPort&) const = default;
};

// core/v1 SecretKeySelector and SecretEnvSource: the Secret, and for the first its key.
struct SecretReference {
  std::optional<std::string_view> name;
  std::optional<std::string_view> key;
  bool operator==(const SecretReference&) const = default;
};

// core/v1 EnvVarSource; only Secrets matter here.
struct EnvVarSource {
  std::optional<SecretReference> secret_key_ref;
  bool operator==(const EnvVarSource&) const = default;
};

// core/v1 EnvVar.
struct EnvVar {
  std::string_view name;
  std::optional<std::string_view> value;
  std::optional<EnvVarSource> value_from;
  bool operator==(const EnvVar&) const = default;
};

// core/v1 EnvFromSource.
struct EnvFromSource {
  std::optional<std::string_view> prefix;
  std::optional<SecretReference> secret_ref;
  bool operator==(const EnvFromSource&) const = default;
};

// core/v1 HTTPGetAction and TCPSocketAction: the host that is asked; the Pod itself when not set.
struct NetworkAction {
  std::optional<std::string_view> host;
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
  std::string_view pointer;

  std::string_view name;
  std::optional<std::string_view> image;
  std::optional<std::string_view> image_pull_policy;
  std::optional<std::string_view> restart_policy;
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
  std::optional<std::string_view> reference;
  std::optional<std::string_view> pull_policy;
  bool operator==(const ImageVolumeSource&) const = default;
};

// core/v1 HostPathVolumeSource.
struct HostPathVolumeSource {
  std::optional<std::string_view> path;
  bool operator==(const HostPathVolumeSource&) const = default;
};

// core/v1 EmptyDirVolumeSource.
struct EmptyDirVolumeSource {
  std::optional<std::string_view> medium;
  std::optional<Quantity> size_limit;
  bool operator==(const EmptyDirVolumeSource&) const = default;
};

// core/v1 ServiceAccountTokenProjection.
struct ServiceAccountTokenProjection {
  std::optional<std::string_view> audience;  // the API server itself when not set
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
  std::string_view name;
  // The name of the one volume source that is set ("emptyDir", "hostPath", "image", ...); empty when none is, which the
  // API server defaults to an emptyDir.
  std::string_view source;
  std::optional<ImageVolumeSource> image;
  std::optional<HostPathVolumeSource> host_path;
  std::optional<EmptyDirVolumeSource> empty_dir;
  std::optional<ProjectedVolumeSource> projected;
  bool operator==(const Volume&) const = default;
};

// core/v1 HostAlias.
struct HostAlias {
  std::optional<std::string_view> ip;
  std::vector<std::string_view> hostnames;
  bool operator==(const HostAlias&) const = default;
};

// Texts that no document holds, or whole documents, kept alive for the views into them.
class KeptTexts {
 public:
  // The view is valid as long as this or a copy of it lives.
  std::string_view Keep(std::string text) {
    const auto kept = std::make_shared<const std::string>(std::move(text));
    owners_.push_back(kept);
    return *kept;
  }
  void Keep(std::shared_ptr<const void> owner) { owners_.push_back(std::move(owner)); }

  // Where a text lies says nothing about the Pod.
  friend bool operator==(const KeptTexts&, const KeptTexts&) { return true; }

 private:
  std::vector<std::shared_ptr<const void>> owners_;
};

// A Pod, or the Pod that a template describes.
struct Pod {
  TextMap<std::string_view> labels;
  TextMap<std::string_view> annotations;
  // Where it is or will be. Not decoded, since a Pod need not say it: the request knows.
  std::string_view namespace_name;
  // spec.os.name, "" when not set. Only "linux" and "windows" mean something to the API server.
  std::string_view os_name;
  std::optional<bool> host_network;
  std::optional<bool> host_pid;
  std::optional<bool> host_ipc;
  std::optional<bool> host_users;
  std::optional<bool> share_process_namespace;
  std::optional<bool> automount_service_account_token;
  std::optional<PodSecurityContext> security_context;
  std::optional<ResourceRequirements> resources;
  // spec.serviceAccountName, or its old name spec.serviceAccount (core/v1 conversion takes them for one).
  std::string_view service_account_name;
  std::string_view node_name;
  std::optional<std::string_view> restart_policy;
  std::optional<std::string_view> dns_policy;
  std::optional<std::string_view> priority_class_name;
  std::optional<std::string_view> runtime_class_name;
  std::vector<HostAlias> host_aliases;
  std::vector<Volume> volumes;
  // Every container of every kind, in the order init (and sidecar), regular, ephemeral.
  std::vector<Container> containers;
  // status.conditions says PodScheduled=True: a node was chosen for it. Never so in a Pod that is being created, whose
  // status the API server clears (registry/core/pod strategy PrepareForCreate), nor in a template, which has none.
  bool is_scheduled = false;
  // Owns what views of this Pod look at beside the document.
  KeptTexts texts;
  bool operator==(const Pod&) const = default;

  // spec.os.name is "windows": Linux-only fields are refused by the API server there.
  bool is_windows() const { return os_name == "windows"; }
  // A static Pod's image in the API (annotation kubernetes.io/config.mirror): the kubelet ignores changes to it.
  bool is_mirror() const { return annotations.contains("kubernetes.io/config.mirror"); }
};

}  // namespace tidewaiter
