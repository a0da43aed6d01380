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

// The member of that name, or none; refused when it is given twice, because readers differ in which one they take.
bool FindOnly(JsonValue object, std::string_view key, std::optional<JsonValue>& found, DecodeFailure& failure) {
  for (const auto& [name, member] : object.members()) {
    if (name != key) continue;
    if (found.has_value()) return failure.SetAt(key, "given twice");
    found = member;
  }
  return true;
}

// The element that a pointer's token names, or nullopt.
std::optional<JsonValue> ElementAt(JsonValue array, std::string_view token) {
  std::size_t wanted = 0;
  if (!absl::SimpleAtoi(ToAbsl(token), &wanted)) return std::nullopt;
  for (const JsonValue element : array.elements()) {
    if (wanted-- == 0) return element;
  }
  return std::nullopt;
}

std::string_view NextSegment(std::string_view& rest) {
  rest.remove_prefix(1);
  const std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(segment.size());
  return segment;
}

// Adds the templates below `value`, which stands at `place`.
bool AddTemplates(JsonValue value, const TemplatePlace& place, std::string_view rest,
                  std::vector<TemplatePlace>& places, DecodeFailure& failure) {
  if (value.is_null()) return true;
  if (rest.empty()) {
    places.push_back(place);
    return true;
  }
  const std::string_view segment = NextSegment(rest);
  if (segment != "*") {
    if (!value.is_object()) return failure.SetWrongType("an object", value);
    std::optional<JsonValue> member;
    if (!FindOnly(value, segment, member, failure)) return false;
    if (!member.has_value()) return true;
    const std::string step = StrCat("/", EscapePointerToken(segment));
    return AddTemplates(*member, {place.pointer + step, place.identity + step}, rest, places, failure) ||
           failure.At(segment);
  }
  if (!value.is_array()) return failure.SetWrongType("an array", value);
  std::size_t index = 0;
  for (const JsonValue element : value.elements()) {
    const std::optional<JsonValue> name = element.Find("name");
    const std::string_view text = name.has_value() ? name->string() : std::string_view();
    const TemplatePlace below = {StrCat(place.pointer, "/", index), text.empty()
                                                                        ? StrCat(place.identity, "/", index)
                                                                        : StrCat(place.identity, "/\"", text, "\"")};
    if (!AddTemplates(element, below, rest, places, failure)) return failure.At(index);
    ++index;
  }
  return true;
}

// Walks down one key at a time to the value there; null on the way counts as absent.
bool FindBelow(JsonValue value, std::string_view rest, JsonValue& found, DecodeFailure& failure) {
  if (rest.empty()) {
    found = value;
    return true;
  }
  const std::string_view key = NextSegment(rest);
  if (!value.is_object() && !value.is_array()) return failure.SetWrongType("an object", value);
  std::optional<JsonValue> member = value.is_array() ? ElementAt(value, key) : std::nullopt;
  if (value.is_object() && !FindOnly(value, key, member, failure)) return false;
  if (!member.has_value() || member->is_null()) return failure.SetAt(key, "required: expected an object");
  return FindBelow(*member, rest, found, failure) || failure.At(key);
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
  DecodeFailure failure;
  if (!AddTemplates(object, {}, pattern, places, failure)) return failure.ToStatus();
  return places;
}

absl::StatusOr<ObjectMeta> DecodeObjectMeta(JsonValue object) {
  MetadataOnly decoded;
  DecodeFailure failure;
  if (!DecodeValue(object, decoded, failure)) return failure.ToStatus();
  return std::move(decoded.metadata);
}

absl::StatusOr<Pod> DecodePodAt(JsonValue object, std::string_view pod_pointer) {
  JsonValue pod;
  DecodeFailure failure;
  if (!FindBelow(object, pod_pointer, pod, failure)) return failure.ToStatus();
  return DecodePod(pod, pod_pointer);
}

absl::StatusOr<Workload> DecodeWorkload(JsonValue object, std::string_view pod_pointer) {
  absl::StatusOr<ObjectMeta> metadata = DecodeObjectMeta(object);
  if (!metadata.ok()) return metadata.status();
  absl::StatusOr<Pod> pod = DecodePodAt(object, pod_pointer);
  if (!pod.ok()) return pod.status();
  return Workload{*std::move(metadata), std::string(pod_pointer), *std::move(pod)};
}

}  // namespace tidewaiter
