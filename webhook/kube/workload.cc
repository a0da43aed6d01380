// SPDX-License-Identifier: Apache-2.0
//
// Finds the pod template of a workload and decodes it with the object's metadata.
#include "webhook/kube/workload.h"

#include <array>
#include <utility>

#include "webhook/kube/field_table.h"
#include "webhook/kube/pod_decoder.h"

namespace tidewaiter {

template <>
struct JsonFields<OwnerReference> {
  static constexpr auto kFields =
      std::tuple{Field("kind", &OwnerReference::kind), Field("name", &OwnerReference::name),
                 Field("uid", &OwnerReference::uid), Field("controller", &OwnerReference::controller)};
};

template <>
struct JsonFields<ObjectMeta> {
  static constexpr auto kFields = std::tuple{Field("name", &ObjectMeta::name),
                                             Field("generateName", &ObjectMeta::generate_name),
                                             Field("namespace", &ObjectMeta::namespace_name),
                                             Field("labels", &ObjectMeta::labels),
                                             Field("ownerReferences", &ObjectMeta::owner_references),
                                             Field("deletionTimestamp", &ObjectMeta::deletion_timestamp)};
};

namespace {

struct KindRow {
  std::string_view group;
  std::string_view kind;
  std::string_view pod_pointer;
};

constexpr std::array<KindRow, 9> kWorkloadKinds = {{
    {"", "Pod", ""},
    {"", "PodTemplate", "/template"},
    {"", "ReplicationController", "/spec/template"},
    {"apps", "ReplicaSet", "/spec/template"},
    {"apps", "Deployment", "/spec/template"},
    {"apps", "StatefulSet", "/spec/template"},
    {"apps", "DaemonSet", "/spec/template"},
    {"batch", "Job", "/spec/template"},
    {"batch", "CronJob", "/spec/jobTemplate/spec/template"},
}};

struct MetadataOnly {
  ObjectMeta metadata;
};

// Walks down one key at a time; null on the way counts as absent.
absl::StatusOr<Pod> DecodePodAt(JsonValue value, const JsonPath& path, std::string_view rest) {
  if (rest.empty()) return DecodePod(value, path);
  rest.remove_prefix(1);
  const std::string_view key = rest.substr(0, rest.find('/'));
  rest.remove_prefix(key.size());
  if (!value.is_object()) return WrongType(path, "an object", value);
  const JsonPath member_path(path, key);
  const std::optional<JsonValue> member = value.Find(key);
  if (!member.has_value() || member->is_null()) return DecodeError(member_path, "required: expected an object");
  return DecodePodAt(*member, member_path, rest);
}

}  // namespace

template <>
struct JsonFields<MetadataOnly> {
  static constexpr auto kFields = std::tuple{Field("metadata", &MetadataOnly::metadata)};
};

std::optional<std::string_view> PodPointerOf(std::string_view group, std::string_view kind) {
  for (const KindRow& row : kWorkloadKinds) {
    if (row.kind == kind && row.group == group) return row.pod_pointer;
  }
  return std::nullopt;
}

const std::vector<std::string_view>& WorkloadKindNames() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    all.reserve(kWorkloadKinds.size());
    for (const KindRow& row : kWorkloadKinds) all.push_back(row.kind);
    return all;
  }();
  return names;
}

absl::StatusOr<Workload> DecodeWorkload(JsonValue object, std::string_view pod_pointer) {
  const JsonPath root("");
  MetadataOnly metadata;
  if (absl::Status status = DecodeValue(object, root, metadata); !status.ok()) return status;
  absl::StatusOr<Pod> pod = DecodePodAt(object, root, pod_pointer);
  if (!pod.ok()) return pod.status();
  return Workload{std::move(metadata.metadata), std::string(pod_pointer), *std::move(pod)};
}

}  // namespace tidewaiter
