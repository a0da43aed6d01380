// SPDX-License-Identifier: Apache-2.0
//
// Metadata first, then template by template; and which template was which.
#include "webhook/engine/decoded_object.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

bool HasObject(const std::optional<JsonValue>& object) { return object.has_value() && !object->is_null(); }

// For each template of `now` the one of `old` that it was before the update, or nullopt. An element of a list may have
// no name, and then others that come and go change its place; so those whose Pods are the same are found first.
class Predecessors {
 public:
  Predecessors(const DecodedObject& now, const DecodedObject& old)
      : now_(now), old_(old), found_(now.workloads.size()), is_taken_(old.workloads.size()) {}

  std::vector<std::optional<std::size_t>> Find() && {
    const auto place = [](const DecodedObject& object, std::size_t i) {
      return StrCat("/", object.places[i].identity);
    };
    // Alike enough that few others are: there may be thousands of templates, and comparing all with all would take
    // long.
    const auto images = [](const DecodedObject& object, std::size_t i) {
      std::string text;
      for (const Container& container : object.workloads[i].pod.containers) {
        StrAppend(&text, container.name, "=", container.image.value_or(""), ";");
      }
      return text;
    };
    const bool is_one = found_.size() == 1 && is_taken_.size() == 1;
    if (!is_one || now_.places[0].identity != old_.places[0].identity) {
      PairByKey(place, true);
      PairByKey(images, true);
    }
    PairByKey(place, false);
    return std::move(found_);
  }

 private:
  template <typename KeyOf>
  void PairByKey(const KeyOf& key_of, bool must_be_same_pod) {
    constexpr std::size_t kMostCandidates = 64;
    absl::flat_hash_map<std::string, std::vector<std::size_t>> free;
    for (std::size_t j = is_taken_.size(); j-- > 0;) {
      if (!is_taken_[j]) free[key_of(old_, j)].push_back(j);
    }
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (found_[i].has_value()) continue;
      const auto candidates = free.find(key_of(now_, i));
      if (candidates == free.end()) continue;
      std::vector<std::size_t>& places = candidates->second;  // the last one is the first in the object
      const auto stop = places.rbegin() + static_cast<std::ptrdiff_t>(std::min(places.size(), kMostCandidates));
      const auto match = std::find_if(places.rbegin(), stop, [&](std::size_t j) {
        return !must_be_same_pod || now_.workloads[i].pod == old_.workloads[j].pod;
      });
      if (match == stop) continue;
      found_[i] = *match;
      is_taken_[*match] = true;
      places.erase(std::next(match).base());
    }
  }

  const DecodedObject& now_;
  const DecodedObject& old_;
  std::vector<std::optional<std::size_t>> found_;
  std::vector<bool> is_taken_;
};

}  // namespace

absl::Status ObjectDecoder::DecodeMetadata(DecodedObject& decoded) const {
  if (!HasObject(object_)) {
    return InvalidArgument(StrCat("request.", field_, ": required on ", request_.operation, ": expected an object"));
  }
  absl::StatusOr<ObjectMeta> metadata = DecodeObjectMeta(*object_);
  if (!metadata.ok()) return Refusal(metadata.status());
  decoded.metadata = *std::move(metadata);
  return absl::OkStatus();
}

absl::Status ObjectDecoder::DecodeTemplates(const std::vector<std::string_view>& patterns,
                                            DecodedObject& decoded) const {
  const bool is_built_in = PodPointerOf(request_.kind.group, request_.kind.kind).has_value();
  for (const std::string_view pattern : patterns) {
    // A built-in kind must have its template; a custom resource may be without.
    if (is_built_in) {
      decoded.places.push_back({std::string(pattern), std::string(pattern)});
      continue;
    }
    absl::StatusOr<std::vector<TemplatePlace>> places = FindTemplates(*object_, pattern);
    if (!places.ok()) return Refusal(places.status());
    decoded.places.insert(decoded.places.end(), places->begin(), places->end());
  }
  for (const TemplatePlace& place : decoded.places) {
    absl::StatusOr<Pod> pod = DecodePodAt(*object_, place.pointer);
    if (!pod.ok()) return Refusal(pod.status());
    decoded.workloads.push_back({.metadata = {}, .pod_pointer = place.pointer, .pod = *std::move(pod)});
  }
  return absl::OkStatus();
}

absl::Status ObjectDecoder::Refusal(const absl::Status& status) const {
  return InvalidArgument(
      StrCat(request_.kind.kind, field_ == "object" ? "" : " before the update", ": ", MessageOf(status)));
}

// Pairs each template with the same one before the update.
std::vector<JudgedWorkload> PairWorkloads(DecodedObject now, std::optional<DecodedObject> old) {
  std::vector<std::optional<std::size_t>> predecessors(now.workloads.size());
  if (old.has_value()) predecessors = Predecessors(now, *old).Find();
  std::vector<JudgedWorkload> pairs;
  pairs.reserve(now.workloads.size());
  for (std::size_t i = 0; i < now.workloads.size(); ++i) {
    JudgedWorkload& pair = pairs.emplace_back();
    pair.now = now.Take(i);
    if (predecessors[i].has_value()) pair.old = old->Take(*predecessors[i]);
  }
  return pairs;
}

}  // namespace tidewaiter
