// SPDX-License-Identifier: Apache-2.0
//
// Finds the pod template of a workload and decodes it with the object's metadata.
#include "webhook/kube/workload.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/field_table.h"
#include "webhook/kube/pod_decoder.h"
#include "webhook/kube/text.h"

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

// The member of that name; refused when it is given twice, because readers differ in which one they take.
absl::StatusOr<std::optional<JsonValue>> FindOnly(JsonValue object, const JsonPath& path, std::string_view key) {
  std::optional<JsonValue> found;
  absl::Status status = object.ForEachMember([&](std::string_view name, JsonValue member) -> absl::Status {
    if (name != key) return absl::OkStatus();
    if (found.has_value()) return DecodeError(JsonPath(path, key), "given twice");
    found = member;
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return found;
}

// The element that a pointer's token names, or nullopt.
std::optional<JsonValue> ElementAt(JsonValue array, std::string_view token) {
  std::size_t wanted = 0;
  if (!absl::SimpleAtoi(ToAbsl(token), &wanted)) return std::nullopt;
  std::optional<JsonValue> found;
  array
      .ForEachElement([&](std::size_t index, JsonValue element) {
        if (index == wanted) found = element;
        return absl::OkStatus();
      })
      .IgnoreError();
  return found;
}

std::string_view NextSegment(std::string_view& rest) {
  rest.remove_prefix(1);
  const std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(segment.size());
  return segment;
}

// Adds the templates below `value`, which stands at `place`.
absl::Status AddTemplates(JsonValue value, const TemplatePlace& place, std::string_view rest,
                          std::vector<TemplatePlace>& places) {
  if (value.is_null()) return absl::OkStatus();
  if (rest.empty()) {
    places.push_back(place);
    return absl::OkStatus();
  }
  const std::string_view segment = NextSegment(rest);
  if (segment != "*") {
    if (!value.is_object()) return WrongType(JsonPath(place.pointer), "an object", value);
    const absl::StatusOr<std::optional<JsonValue>> member = FindOnly(value, JsonPath(place.pointer), segment);
    if (!member.ok()) return member.status();
    if (!member->has_value()) return absl::OkStatus();
    const std::string step = StrCat("/", EscapePointerToken(segment));
    return AddTemplates(**member, {place.pointer + step, place.identity + step}, rest, places);
  }
  if (value.type() != JsonValue::Type::kArray) return WrongType(JsonPath(place.pointer), "an array", value);
  return value.ForEachElement([&](std::size_t index, JsonValue element) {
    const std::optional<JsonValue> name = element.Find("name");
    const std::string_view text = name.has_value() ? name->string() : std::string_view();
    return AddTemplates(element,
                        {StrCat(place.pointer, "/", index),
                         text.empty() ? StrCat(place.identity, "/", index) : StrCat(place.identity, "/\"", text, "\"")},
                        rest, places);
  });
}

// Walks down one key at a time; null on the way counts as absent.
absl::StatusOr<Pod> DecodePodBelow(JsonValue value, const JsonPath& path, std::string_view rest) {
  if (rest.empty()) return DecodePod(value, path);
  const std::string_view key = NextSegment(rest);
  if (!value.is_object() && value.type() != JsonValue::Type::kArray) return WrongType(path, "an object", value);
  const JsonPath member_path(path, key);
  absl::StatusOr<std::optional<JsonValue>> found =
      value.is_object() ? FindOnly(value, path, key) : ElementAt(value, key);
  if (!found.ok()) return found.status();
  const std::optional<JsonValue> member = *found;
  if (!member.has_value() || member->is_null()) return DecodeError(member_path, "required: expected an object");
  return DecodePodBelow(*member, member_path, rest);
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

bool IsWorkloadKindName(std::string_view kind) {
  return std::any_of(kWorkloadKinds.begin(), kWorkloadKinds.end(),
                     [&](const KindRow& row) { return row.kind == kind; });
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

absl::StatusOr<std::vector<TemplatePlace>> FindTemplates(JsonValue object, std::string_view pattern) {
  std::vector<TemplatePlace> places;
  if (absl::Status status = AddTemplates(object, {}, pattern, places); !status.ok()) return status;
  return places;
}

absl::StatusOr<ObjectMeta> DecodeObjectMeta(JsonValue object) {
  MetadataOnly decoded;
  if (absl::Status status = DecodeValue(object, JsonPath(""), decoded); !status.ok()) return status;
  return std::move(decoded.metadata);
}

absl::StatusOr<Pod> DecodePodAt(JsonValue object, std::string_view pod_pointer) {
  return DecodePodBelow(object, JsonPath(""), pod_pointer);
}

absl::StatusOr<Workload> DecodeWorkload(JsonValue object, std::string_view pod_pointer) {
  absl::StatusOr<ObjectMeta> metadata = DecodeObjectMeta(object);
  if (!metadata.ok()) return metadata.status();
  absl::StatusOr<Pod> pod = DecodePodAt(object, pod_pointer);
  if (!pod.ok()) return pod.status();
  return Workload{*std::move(metadata), std::string(pod_pointer), *std::move(pod)};
}

}  // namespace tidewaiter
