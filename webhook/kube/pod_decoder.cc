// SPDX-License-Identifier: Apache-2.0
//
// The table decoder does the work; this adds what a table cannot say: required fields, container kinds, volume sources.
#include "webhook/kube/pod_decoder.h"

#include <array>
#include <utility>

#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

// A Volume is `name` beside exactly one source, whose key says its kind; a table would have to list every kind that
// Kubernetes will ever have. Declared before pod_fields.h, so that vectors of volumes find it.
absl::Status DecodeValue(JsonValue value, const JsonPath& path, Volume& out);

}  // namespace tidewaiter

#include "webhook/kube/pod_fields.h"

namespace tidewaiter {

absl::Status DecodeValue(JsonValue value, const JsonPath& path, Volume& out) {
  if (!value.is_object()) return WrongType(path, "an object", value);
  bool has_name = false;
  return value.ForEachMember([&](std::string_view key, JsonValue member) -> absl::Status {
    const JsonPath member_path(path, key);
    if (key == "name" && std::exchange(has_name, true)) return DecodeError(member_path, "given twice");
    if (member.is_null()) return absl::OkStatus();
    if (key == "name") return DecodeValue(member, member_path, out.name);
    if (!member.is_object()) return WrongType(member_path, "an object", member);
    if (!out.source.empty()) {
      return DecodeError(member_path, StrCat("a volume has one source, and ", out.source, " is given as well"));
    }
    out.source = key;
    if (key == "image") return DecodeValue(member, member_path, out.image);
    if (key == "hostPath") return DecodeValue(member, member_path, out.host_path);
    if (key == "emptyDir") return DecodeValue(member, member_path, out.empty_dir);
    if (key == "projected") return DecodeValue(member, member_path, out.projected);
    return absl::OkStatus();
  });
}

namespace {

// In the order of Pod::containers.
struct ContainerList {
  std::string_view name;
  ContainerKind kind;
  std::vector<Container> PodSpec::*containers;
};
constexpr std::array<ContainerList, 3> kContainerLists = {
    {{"initContainers", ContainerKind::kInit, &PodSpec::init_containers},
     {"containers", ContainerKind::kRegular, &PodSpec::containers},
     {"ephemeralContainers", ContainerKind::kEphemeral, &PodSpec::ephemeral_containers}}};

// "/spec/containers/0". Those that nearly every Pod has are made once for the program.
std::string_view ContainerPointer(std::string_view list, std::size_t index, KeptTexts& texts) {
  constexpr std::size_t kUsual = 16;
  static const auto usual = [] {
    std::array<std::array<std::string, kUsual>, kContainerLists.size()> pointers;
    for (std::size_t i = 0; i < kContainerLists.size(); ++i) {
      for (std::size_t k = 0; k < kUsual; ++k) pointers[i][k] = StrCat("/spec/", kContainerLists[i].name, "/", k);
    }
    return pointers;
  }();
  for (std::size_t i = 0; i < kContainerLists.size() && index < kUsual; ++i) {
    if (kContainerLists[i].name == list) return usual[i][index];
  }
  return texts.Keep(StrCat("/spec/", list, "/", index));
}

// Moves the containers of one list of the PodSpec into the Pod's own list.
absl::Status AddContainers(std::vector<Container>& from, std::string_view list, ContainerKind kind,
                           const JsonPath& spec_path, KeptTexts& texts, std::vector<Container>& to) {
  const JsonPath list_path(spec_path, list);
  for (std::size_t i = 0; i < from.size(); ++i) {
    Container& container = from[i];
    const JsonPath path(list_path, i);
    if (container.name.empty()) return DecodeError(JsonPath(path, "name"), "required: a container has a name");
    if (!container.image.has_value() || container.image->empty()) {
      return DecodeError(JsonPath(path, "image"),
                         StrCat("required: container ", Quoted(container.name), " has no image"));
    }
    container.kind =
        kind == ContainerKind::kInit && container.restart_policy == "Always" ? ContainerKind::kSidecar : kind;
    container.index = i;
    container.pointer = ContainerPointer(list, i, texts);
    to.push_back(std::move(container));
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view ContainerKindName(ContainerKind kind) {
  switch (kind) {
    case ContainerKind::kRegular:
      return "container";
    case ContainerKind::kInit:
      return "init container";
    case ContainerKind::kSidecar:
      return "sidecar container";
    case ContainerKind::kEphemeral:
      return "ephemeral container";
  }
  return "container";
}

absl::StatusOr<Pod> DecodePod(JsonValue value, const JsonPath& path) {
  PodObject object;
  if (absl::Status status = DecodeValue(value, path, object); !status.ok()) return status;
  const JsonPath spec_path(path, "spec");
  if (!object.spec.has_value()) return DecodeError(spec_path, "required: expected an object");
  PodSpec& spec = *object.spec;

  Pod pod;
  pod.containers.reserve(spec.init_containers.size() + spec.containers.size() + spec.ephemeral_containers.size());
  for (const ContainerList& list : kContainerLists) {
    absl::Status status =
        AddContainers(spec.*list.containers, list.name, list.kind, spec_path, pod.texts, pod.containers);
    if (!status.ok()) return status;
  }
  pod.labels = std::move(object.metadata.labels);
  pod.annotations = std::move(object.metadata.annotations);
  pod.os_name = spec.os.name;
  pod.host_network = spec.host_network;
  pod.host_pid = spec.host_pid;
  pod.host_ipc = spec.host_ipc;
  pod.host_users = spec.host_users;
  pod.share_process_namespace = spec.share_process_namespace;
  pod.automount_service_account_token = spec.automount_service_account_token;
  pod.security_context = std::move(spec.security_context);
  pod.resources = std::move(spec.resources);
  pod.service_account_name = spec.service_account_name.empty() ? spec.service_account : spec.service_account_name;
  pod.node_name = spec.node_name;
  pod.restart_policy = spec.restart_policy;
  pod.dns_policy = spec.dns_policy;
  pod.priority_class_name = spec.priority_class_name;
  pod.runtime_class_name = spec.runtime_class_name;
  pod.host_aliases = std::move(spec.host_aliases);
  pod.volumes = std::move(spec.volumes);
  for (const PodCondition& condition : object.status.conditions) {
    pod.is_scheduled = pod.is_scheduled || (condition.type == "PodScheduled" && condition.status == "True");
  }
  return pod;
}

}  // namespace tidewaiter
