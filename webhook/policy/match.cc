// SPDX-License-Identifier: Apache-2.0
//
// Globs, one part after the other.
#include "webhook/policy/match.h"

#include <algorithm>
#include <utility>

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

bool Match::asks_for_namespace_labels() const {
  return namespace_selector.has_value() &&
         std::any_of(namespace_selector->requirements.begin(), namespace_selector->requirements.end(),
                     [](const LabelRequirement& requirement) { return requirement.key != kNamespaceNameLabel; });
}

bool Match::HoldsForNamespaceName(std::string_view name) const {
  return !namespace_selector.has_value() ||
         std::all_of(namespace_selector->requirements.begin(), namespace_selector->requirements.end(),
                     [&](const LabelRequirement& requirement) { return requirement.Holds(name); });
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

const std::vector<std::string>& ExemptionContainer::image_forms() const {
  if (image_forms_.has_value()) return *image_forms_;
  image_forms_.emplace();
  const absl::StatusOr<ImageReference> parsed = ImageReference::Parse(image_);
  if (!parsed.ok()) return *image_forms_;
  ImageReference reference = *parsed;
  const auto add = [this](std::string form) {
    if (image_forms_->empty() || image_forms_->back() != form) image_forms_->push_back(std::move(form));
  };
  add(std::string(reference.name()));
  add(reference.ToString());
  reference.digest.reset();  // pinning an exempt tag does not take it out of its exemption
  add(reference.ToString());
  return *image_forms_;
}

bool Exemption::HoldsForContainer(const ExemptionContainer& container) const {
  if (!Allows(containers, container.name())) return false;
  if (images.empty()) return true;
  const std::vector<std::string>& forms = container.image_forms();
  return std::any_of(forms.begin(), forms.end(), [this](const std::string& form) { return MatchesAny(images, form); });
}

}  // namespace tidewaiter
