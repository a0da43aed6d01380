// SPDX-License-Identifier: Apache-2.0
//
// The tables that give each field of pod.h its JSON name (core/v1). Only pod_decoder.cc includes this.
// Tested by tests/kube/pod_decoder_test.cc.
#pragma once

#include <tuple>

#include "webhook/kube/field_table.h"
#include "webhook/kube/pod.h"

namespace tidewaiter {

template <>
struct JsonFields<Capabilities> {
  static constexpr auto kFields = std::tuple{Field("add", &Capabilities::add), Field("drop", &Capabilities::drop)};
};

template <>
struct JsonFields<SeLinuxOptions> {
  static constexpr auto kFields =
      std::tuple{Field("user", &SeLinuxOptions::user), Field("role", &SeLinuxOptions::role),
                 Field("type", &SeLinuxOptions::type), Field("level", &SeLinuxOptions::level)};
};

template <>
struct JsonFields<LocalProfile> {
  static constexpr auto kFields =
      std::tuple{Field("type", &LocalProfile::type), Field("localhostProfile", &LocalProfile::localhost_profile)};
};

template <>
struct JsonFields<WindowsOptions> {
  static constexpr auto kFields = std::tuple{Field("hostProcess", &WindowsOptions::host_process),
                                             Field("runAsUserName", &WindowsOptions::run_as_user_name)};
};

template <>
struct JsonFields<SecurityContext> {
  static constexpr auto kFields =
      std::tuple{Field("allowPrivilegeEscalation", &SecurityContext::allow_privilege_escalation),
                 Field("appArmorProfile", &SecurityContext::app_armor_profile),
                 Field("capabilities", &SecurityContext::capabilities),
                 Field("privileged", &SecurityContext::privileged),
                 Field("procMount", &SecurityContext::proc_mount),
                 Field("readOnlyRootFilesystem", &SecurityContext::read_only_root_filesystem),
                 Field("runAsGroup", &SecurityContext::run_as_group),
                 Field("runAsNonRoot", &SecurityContext::run_as_non_root),
                 Field("runAsUser", &SecurityContext::run_as_user),
                 Field("seLinuxOptions", &SecurityContext::se_linux_options),
                 Field("seccompProfile", &SecurityContext::seccomp_profile),
                 Field("windowsOptions", &SecurityContext::windows_options)};
};

template <>
struct JsonFields<Sysctl> {
  static constexpr auto kFields = std::tuple{Field("name", &Sysctl::name), Field("value", &Sysctl::value)};
};

template <>
struct JsonFields<PodSecurityContext> {
  static constexpr auto kFields =
      std::tuple{Field("appArmorProfile", &PodSecurityContext::app_armor_profile),
                 Field("fsGroup", &PodSecurityContext::fs_group),
                 Field("runAsGroup", &PodSecurityContext::run_as_group),
                 Field("runAsNonRoot", &PodSecurityContext::run_as_non_root),
                 Field("runAsUser", &PodSecurityContext::run_as_user),
                 Field("seLinuxOptions", &PodSecurityContext::se_linux_options),
                 Field("seccompProfile", &PodSecurityContext::seccomp_profile),
                 Field("supplementalGroups", &PodSecurityContext::supplemental_groups),
                 Field("supplementalGroupsPolicy", &PodSecurityContext::supplemental_groups_policy),
                 Field("sysctls", &PodSecurityContext::sysctls),
                 Field("windowsOptions", &PodSecurityContext::windows_options)};
};

template <>
struct JsonFields<ResourceRequirements> {
  static constexpr auto kFields =
      std::tuple{Field("requests", &ResourceRequirements::requests), Field("limits", &ResourceRequirements::limits)};
};

template <>
struct JsonFields<VolumeMount> {
  static constexpr auto kFields =
      std::tuple{Field("name", &VolumeMount::name), Field("mountPath", &VolumeMount::mount_path),
                 Field("readOnly", &VolumeMount::read_only), Field("subPath", &VolumeMount::sub_path),
                 Field("subPathExpr", &VolumeMount::sub_path_expr)};
};

template <>
struct JsonFields<VolumeDevice> {
  static constexpr auto kFields =
      std::tuple{Field("name", &VolumeDevice::name), Field("devicePath", &VolumeDevice::device_path)};
};

template <>
struct JsonFields<ContainerPort> {
  static constexpr auto kFields =
      std::tuple{Field("name", &ContainerPort::name), Field("containerPort", &ContainerPort::container_port),
                 Field("hostPort", &ContainerPort::host_port), Field("protocol", &ContainerPort::protocol)};
};

template <>
struct JsonFields<SecretReference> {
  static constexpr auto kFields =
      std::tuple{Field("name", &SecretReference::name), Field("key", &SecretReference::key)};
};

template <>
struct JsonFields<EnvVarSource> {
  static constexpr auto kFields = std::tuple{Field("secretKeyRef", &EnvVarSource::secret_key_ref)};
};

template <>
struct JsonFields<EnvVar> {
  static constexpr auto kFields =
      std::tuple{Field("name", &EnvVar::name), Field("value", &EnvVar::value), Field("valueFrom", &EnvVar::value_from)};
};

template <>
struct JsonFields<EnvFromSource> {
  static constexpr auto kFields =
      std::tuple{Field("prefix", &EnvFromSource::prefix), Field("secretRef", &EnvFromSource::secret_ref)};
};

template <>
struct JsonFields<NetworkAction> {
  static constexpr auto kFields = std::tuple{Field("host", &NetworkAction::host)};
};

template <>
struct JsonFields<Handler> {
  static constexpr auto kFields =
      std::tuple{Field("httpGet", &Handler::http_get), Field("tcpSocket", &Handler::tcp_socket)};
};

template <>
struct JsonFields<Lifecycle> {
  static constexpr auto kFields =
      std::tuple{Field("postStart", &Lifecycle::post_start), Field("preStop", &Lifecycle::pre_stop)};
};

template <>
struct JsonFields<Container> {
  static constexpr auto kFields = std::tuple{Field("name", &Container::name),
                                             Field("image", &Container::image),
                                             Field("imagePullPolicy", &Container::image_pull_policy),
                                             Field("restartPolicy", &Container::restart_policy),
                                             Field("securityContext", &Container::security_context),
                                             Field("resources", &Container::resources),
                                             Field("volumeMounts", &Container::volume_mounts),
                                             Field("volumeDevices", &Container::volume_devices),
                                             Field("ports", &Container::ports),
                                             Field("env", &Container::env),
                                             Field("envFrom", &Container::env_from),
                                             Field("livenessProbe", &Container::liveness_probe),
                                             Field("readinessProbe", &Container::readiness_probe),
                                             Field("startupProbe", &Container::startup_probe),
                                             Field("lifecycle", &Container::lifecycle),
                                             Field("stdin", &Container::stdin_open),
                                             Field("tty", &Container::tty)};
};

template <>
struct JsonFields<HostPathVolumeSource> {
  static constexpr auto kFields = std::tuple{Field("path", &HostPathVolumeSource::path)};
};

template <>
struct JsonFields<EmptyDirVolumeSource> {
  static constexpr auto kFields =
      std::tuple{Field("medium", &EmptyDirVolumeSource::medium), Field("sizeLimit", &EmptyDirVolumeSource::size_limit)};
};

template <>
struct JsonFields<HostAlias> {
  static constexpr auto kFields = std::tuple{Field("ip", &HostAlias::ip), Field("hostnames", &HostAlias::hostnames)};
};

template <>
struct JsonFields<ImageVolumeSource> {
  static constexpr auto kFields = std::tuple{Field("reference", &ImageVolumeSource::reference),
                                             Field("pullPolicy", &ImageVolumeSource::pull_policy)};
};

template <>
struct JsonFields<ServiceAccountTokenProjection> {
  static constexpr auto kFields = std::tuple{Field("audience", &ServiceAccountTokenProjection::audience)};
};

template <>
struct JsonFields<VolumeProjection> {
  static constexpr auto kFields = std::tuple{Field("serviceAccountToken", &VolumeProjection::service_account_token)};
};

template <>
struct JsonFields<ProjectedVolumeSource> {
  static constexpr auto kFields = std::tuple{Field("sources", &ProjectedVolumeSource::sources)};
};

// The shapes below exist only while decoding; DecodePod flattens them into Pod.
struct PodOs {
  std::string_view name;
};

struct PodMetadata {
  TextMap<std::string_view> labels;
  TextMap<std::string_view> annotations;
};

struct PodSpec {
  std::vector<Container> init_containers;
  std::vector<Container> containers;
  std::vector<Container> ephemeral_containers;
  std::vector<Volume> volumes;
  std::optional<PodSecurityContext> security_context;
  std::optional<ResourceRequirements> resources;
  std::optional<bool> host_network;
  std::optional<bool> host_pid;
  std::optional<bool> host_ipc;
  std::optional<bool> host_users;
  std::optional<bool> share_process_namespace;
  std::optional<bool> automount_service_account_token;
  std::string_view service_account_name;
  std::string_view service_account;
  std::string_view node_name;
  std::optional<std::string_view> restart_policy;
  std::optional<std::string_view> dns_policy;
  std::optional<std::string_view> priority_class_name;
  std::optional<std::string_view> runtime_class_name;
  std::vector<HostAlias> host_aliases;
  PodOs os;
};

struct PodCondition {
  std::string_view type;
  std::string_view status;
};

struct PodStatus {
  std::vector<PodCondition> conditions;
};

struct PodObject {
  PodMetadata metadata;
  std::optional<PodSpec> spec;
  PodStatus status;
};

template <>
struct JsonFields<PodOs> {
  static constexpr auto kFields = std::tuple{Field("name", &PodOs::name)};
};

template <>
struct JsonFields<PodMetadata> {
  static constexpr auto kFields =
      std::tuple{Field("labels", &PodMetadata::labels), Field("annotations", &PodMetadata::annotations)};
};

template <>
struct JsonFields<PodSpec> {
  static constexpr auto kFields =
      std::tuple{Field("initContainers", &PodSpec::init_containers),
                 Field("containers", &PodSpec::containers),
                 Field("ephemeralContainers", &PodSpec::ephemeral_containers),
                 Field("volumes", &PodSpec::volumes),
                 Field("securityContext", &PodSpec::security_context),
                 Field("resources", &PodSpec::resources),
                 Field("hostNetwork", &PodSpec::host_network),
                 Field("hostPID", &PodSpec::host_pid),
                 Field("hostIPC", &PodSpec::host_ipc),
                 Field("hostUsers", &PodSpec::host_users),
                 Field("shareProcessNamespace", &PodSpec::share_process_namespace),
                 Field("automountServiceAccountToken", &PodSpec::automount_service_account_token),
                 Field("serviceAccountName", &PodSpec::service_account_name),
                 Field("serviceAccount", &PodSpec::service_account),
                 Field("nodeName", &PodSpec::node_name),
                 Field("restartPolicy", &PodSpec::restart_policy),
                 Field("dnsPolicy", &PodSpec::dns_policy),
                 Field("priorityClassName", &PodSpec::priority_class_name),
                 Field("runtimeClassName", &PodSpec::runtime_class_name),
                 Field("hostAliases", &PodSpec::host_aliases),
                 Field("os", &PodSpec::os)};
};

template <>
struct JsonFields<PodCondition> {
  static constexpr auto kFields =
      std::tuple{Field("type", &PodCondition::type), Field("status", &PodCondition::status)};
};

template <>
struct JsonFields<PodStatus> {
  static constexpr auto kFields = std::tuple{Field("conditions", &PodStatus::conditions)};
};

template <>
struct JsonFields<PodObject> {
  static constexpr auto kFields = std::tuple{Field("metadata", &PodObject::metadata), Field("spec", &PodObject::spec),
                                             Field("status", &PodObject::status)};
};

}  // namespace tidewaiter
