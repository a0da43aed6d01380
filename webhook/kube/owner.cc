// SPDX-License-Identifier: Apache-2.0
//
// Suffixes that controllers put behind names, taken off again.
#include "webhook/kube/owner.h"

#include <algorithm>

namespace tidewaiter {
namespace {

constexpr std::size_t kFewestTimeDigits = 8;

std::string_view OwnName(const ObjectMeta& metadata) {
  if (!metadata.name.empty()) return metadata.name;
  const std::string_view generated = metadata.generate_name;
  return generated.ends_with('-') ? generated.substr(0, generated.size() - 1) : generated;
}

const OwnerReference* ControllerOf(const ObjectMeta& metadata) {
  const auto found = std::find_if(metadata.owner_references.begin(), metadata.owner_references.end(),
                                  [](const OwnerReference& owner) { return owner.controller == true; });
  return found == metadata.owner_references.end() ? nullptr : &*found;
}

std::string_view WithoutTemplateHash(std::string_view name, const ObjectMeta& metadata) {
  for (const std::string_view label : {"pod-template-hash", "rollouts-pod-template-hash"}) {
    const auto hash = metadata.labels.find(label);
    if (hash == metadata.labels.end() || hash->second.empty()) continue;
    const std::size_t suffix = hash->second.size() + 1;
    const bool has_suffix = name.size() > suffix && name.ends_with(hash->second) && name[name.size() - suffix] == '-';
    if (has_suffix) return name.substr(0, name.size() - suffix);
  }
  return name;
}

std::string_view WithoutTime(std::string_view name) {
  const std::size_t last = name.find_last_not_of("0123456789");
  if (last == std::string_view::npos || last == 0 || name[last] != '-') return name;
  return name.size() - last - 1 >= kFewestTimeDigits ? name.substr(0, last) : name;
}

}  // namespace

std::string_view RootName(const ObjectMeta& metadata) {
  const OwnerReference* owner = ControllerOf(metadata);
  if (owner == nullptr) return OwnName(metadata);
  if (owner->kind == "ReplicaSet") return WithoutTemplateHash(owner->name, metadata);
  if (owner->kind == "Job") return WithoutTime(owner->name);
  return owner->name;
}

std::vector<std::string_view> KnownNames(const ObjectMeta& metadata) {
  std::vector<std::string_view> names = {metadata.name.empty() ? std::string_view(metadata.generate_name)
                                                               : std::string_view(metadata.name)};
  const auto add = [&](std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  add(OwnName(metadata));
  if (const OwnerReference* owner = ControllerOf(metadata); owner != nullptr) add(owner->name);
  add(RootName(metadata));
  return names;
}

}  // namespace tidewaiter
