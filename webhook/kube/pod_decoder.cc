// SPDX-License-Identifier: Apache-2.0
//
// The table decoder does the work; this adds what a table cannot say: required fields, container kinds, volume sources.
#include "webhook/kube/pod_decoder.h"

#include <array>
#include <utility>

#include "webhook/kube/field_table.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

// A Volume is `name` beside exactly one source, whose key says its kind; a table would have to list every kind that
// Kubernetes will ever have. Declared before pod_fields.h, so that vectors of volumes find it.
[[nodiscard]] bool DecodeValue(JsonValue value, Volume& out, DecodeFailure& failure);

}  // namespace tidewaiter

#include "webhook/kube/pod_fields.h"

namespace tidewaiter {

static bool DecodeSource(std::string_view key, JsonValue value, Volume& out, DecodeFailure& failure) {
  if (!value.is_object()) return failure.SetWrongType("an object", value);
  if (!out.source.empty()) {
    return failure.Set(StrCat("a volume has one source, and ", out.source, " is given as well"));
  }
  out.source = key;
  if (key == "image") return DecodeValue(value, out.image, failure);
  if (key == "hostPath") return DecodeValue(value, out.host_path, failure);
  if (key == "emptyDir") return DecodeValue(value, out.empty_dir, failure);
  if (key == "projected") return DecodeValue(value, out.projected, failure);
  return true;
}

bool DecodeValue(JsonValue value, Volume& out, DecodeFailure& failure) {
  if (!value.is_object()) return failure.SetWrongType("an object", value);
  bool has_name = false;
  for (const auto& [key, member] : value.members()) {
    const bool is_name = key == "name";
    if (is_name && std::exchange(has_name, true)) return failure.SetAt(key, "given twice");
    if (member.is_null()) continue;
    const bool is_good = is_name ? DecodeValue(member, out.name, failure) : DecodeSource(key, member, out, failure);
    if (!is_good) return failure.At(key);
  }
  return true;
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

bool CheckRequired(const Container& container, DecodeFailure& failure) {
  if (container.name.empty()) return failure.SetAt("name", "required: a container has a name");
  if (container.image.has_value() && !container.image->empty()) return true;
  return failure.SetAt("image", StrCat("required: container ", Quoted(container.name), " has no image"));
}

// Moves the containers of one list of the PodSpec into the Pod's own list.
bool AddContainers(std::vector<Container>& from, const ContainerList& list, Pod& pod, DecodeFailure& failure) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    Container& container = from[i];
    if (!CheckRequired(container, failure)) return failure.At(i), failure.At(list.name);
    container.kind =
        list.kind == ContainerKind::kInit && container.restart_policy == "Always" ? ContainerKind::kSidecar : list.kind;
    container.index = i;
    container.pointer = ContainerPointer(list.name, i, pod.texts);
    pod.containers.push_back(std::move(container));
  }
  return true;
}

bool AddAllContainers(PodSpec& spec, Pod& pod, DecodeFailure& failure) {
  pod.containers.reserve(spec.init_containers.size() + spec.containers.size() + spec.ephemeral_containers.size());
  for (const ContainerList& list : kContainerLists) {
    if (!AddContainers(spec.*list.containers, list, pod, failure)) return failure.At("spec");
  }
  return true;
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

absl::StatusOr<Pod> DecodePod(JsonValue value, std::string_view pointer) {
  PodObject object;
  DecodeFailure failure;
  if (!DecodeValue(value, object, failure)) return failure.ToStatus(pointer);
  if (!object.spec.has_value()) {
    failure.SetAt("spec", "required: expected an object");
    return failure.ToStatus(pointer);
  }
  PodSpec& spec = *object.spec;
  Pod pod;
  if (!AddAllContainers(spec, pod, failure)) return failure.ToStatus(pointer);
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
