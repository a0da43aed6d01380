// SPDX-License-Identifier: Apache-2.0
//
// Globs, one part after the other.
#include "webhook/policy/match.h"

#include <algorithm>

#include "webhook/controls/base/globs.h"
#include "webhook/kube/image_reference.h"
#include "webhook/kube/text.h"
#include "webhook/kube/workload.h"

namespace tidewaiter {
namespace {

// An absent part holds.
bool Allows(const std::vector<std::string>& globs, std::string_view text) {
  return globs.empty() || MatchesAny(globs, text);
}

// Whether a glob fits the image, with or without its tag and digest. A reference that cannot be parsed fits none: what
// is not understood is not excused.
bool IsImageMatch(const std::vector<std::string>& globs, std::string_view image) {
  absl::StatusOr<ImageReference> reference = ImageReference::Parse(image);
  if (!reference.ok()) return false;
  if (MatchesAny(globs, reference->name()) || MatchesAny(globs, reference->ToString())) return true;
  reference->digest.reset();  // pinning an exempt tag does not take it out of its exemption
  return MatchesAny(globs, reference->ToString());
}

}  // namespace

bool KindPattern::Matches(std::string_view other_group, std::string_view other_kind) const {
  if (kind != other_kind) return false;
  if (group.has_value()) return *group == other_group;
  return !IsWorkloadKindName(kind) || PodPointerOf(other_group, other_kind).has_value();
}

bool Match::HoldsAt(const MatchSubject& subject) const {
  if (MatchesAny(exclude_namespaces, subject.namespace_name)) return false;
  if (!Allows(include_namespaces, subject.namespace_name)) return false;
  return kinds.empty() || std::any_of(kinds.begin(), kinds.end(), [&](const KindPattern& pattern) {
           return pattern.Matches(subject.group, subject.kind);
         });
}

bool Match::HoldsForPod(const TextMap<std::string_view>& labels) const {
  const bool is_kind = kinds.empty() || std::any_of(kinds.begin(), kinds.end(), [](const KindPattern& pattern) {
                         return pattern.Matches("", "Pod");
                       });
  return is_kind && (!object_selector.has_value() || object_selector->Matches(labels));
}

bool Exemption::Covers(const Control& control) const {
  return controls.empty() || std::binary_search(controls.begin(), controls.end(), &control);
}

bool Exemption::HoldsFor(const ExemptionSubject& subject) const {
  // The Pods of node-exporter are called node-exporter-x7k2p: what is meant for them holds for what makes them.
  const auto is_meant = [&](std::string_view name) {
    return MatchesAny(names, name) || MatchesAny(names, StrCat(name, "-"));
  };
  const bool is_named = names.empty() || std::any_of(subject.names.begin(), subject.names.end(), is_meant);
  return is_named && Allows(namespaces, subject.namespace_name) && Allows(service_accounts, subject.service_account) &&
         Allows(users, subject.user);
}

bool Exemption::HoldsForContainer(const Container& container) const {
  if (!Allows(containers, container.name)) return false;
  return images.empty() || IsImageMatch(images, container.image.value_or(""));
}

}  // namespace tidewaiter
