// SPDX-License-Identifier: Apache-2.0
//
// The index finds, the policy decides.
#include "webhook/policy/policy_matcher.h"

#include <algorithm>
#include <functional>

#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

bool AsksForNamespaceLabels(const Policy* policy) { return policy->match.asks_for_namespace_labels(); }

// All policies lie in one vector, in order of name.
void SortByName(std::vector<const Policy*>& policies) { std::sort(policies.begin(), policies.end(), std::less<>()); }

}  // namespace

PolicyMatcher::PolicyMatcher(const PolicySet& policies, const MatchSubject& subject, const NamespaceSource* namespaces)
    : policies_(policies), subject_(subject) {
  const PolicyIndex& index = policies.index();
  const auto holds = [&](const Match& match) { return match.HoldsAt(subject_); };
  const auto take = [&](std::size_t number) {
    const Policy& policy = policies_.policies()[number];
    if (holds(policy.match)) matching_.push_back(&policy);
  };
  std::vector<std::size_t> found;
  index.rules().FindByText(kByNamespace, subject_.namespace_name, found);
  index.rules().FindByText(kByKind, subject_.kind, found);
  index.rules().ForEach(found, take);
  if (std::any_of(matching_.begin(), matching_.end(), AsksForNamespaceLabels) ||
      std::any_of(index.before_labels().begin(), index.before_labels().end(), holds)) {
    if (namespaces != nullptr) namespace_labels_ = namespaces->FindLabels(subject_.namespace_name);
    if (namespace_labels_ == nullptr) {
      AskEachWithoutLabels();
      return;
    }
    found.clear();
    index.rules().FindByLabels(kByNamespaceLabels, *namespace_labels_, found);
    SortOnce(found);
    for (const std::size_t number : found) take(number);
    if (!found.empty()) SortByName(matching_);
  }
  std::erase_if(matching_, [&](const Policy* policy) { return !HoldsForNamespace(policy->match); });
}

void PolicyMatcher::AskEachWithoutLabels() {
  is_each_asked_ = true;
  matching_.clear();
  for (const Policy& policy : policies_.policies()) {
    if (!policy.match.HoldsAt(subject_)) continue;
    if (policy.match.asks_for_namespace_labels()) {
      // Only enforce touches a workload: what could do no more than warn or audit is no reason to refuse.
      const bool enforces = std::any_of(policy.controls.begin(), policy.controls.end(),
                                        [](const AppliedControl& applied) { return applied.mode == Mode::kEnforce; });
      if (!enforces) continue;
      if (namespace_status_.ok()) {
        namespace_status_ = InvalidArgument(StrCat("the labels of namespace ", Quoted(subject_.namespace_name),
                                                   " are not known, and the namespaceSelector of policy ", policy.name,
                                                   " asks for them"));
      }
    } else if (!policy.match.HoldsForNamespaceName(subject_.namespace_name)) {
      continue;
    }
    matching_.push_back(&policy);
  }
}

bool PolicyMatcher::HoldsForNamespace(const Match& match) const {
  if (!match.asks_for_namespace_labels()) return match.HoldsForNamespaceName(subject_.namespace_name);
  return namespace_labels_ != nullptr && match.namespace_selector->Matches(*namespace_labels_);
}

bool PolicyMatcher::HoldsBeforeObject(const Match& match) const {
  return match.HoldsAt(subject_) && HoldsForNamespace(match);
}

bool PolicyMatcher::MayMatch() const {
  if (!matching_.empty() || is_each_asked_) return !matching_.empty();
  const std::vector<Match>& others = policies_.index().before_object();
  return std::any_of(others.begin(), others.end(), [&](const Match& match) { return HoldsBeforeObject(match); });
}

std::vector<const Policy*> PolicyMatcher::FindMatching(const TextMap<std::string_view>& labels,
                                                       const TextMap<std::string_view>* old_labels) const {
  const auto holds = [&](const Policy& policy) {
    const std::optional<LabelSelector>& selector = policy.match.object_selector;
    return !selector.has_value() || selector->Matches(labels) ||
           (old_labels != nullptr && selector->Matches(*old_labels));
  };
  std::vector<const Policy*> matching = matching_;
  std::erase_if(matching, [&](const Policy* policy) { return !holds(*policy); });
  if (is_each_asked_) return matching;
  std::vector<std::size_t> found;
  policies_.index().rules().FindByLabels(kByObjectLabels, labels, found);
  if (old_labels != nullptr) policies_.index().rules().FindByLabels(kByObjectLabels, *old_labels, found);
  SortOnce(found);
  for (const std::size_t number : found) {
    const Policy& policy = policies_.policies()[number];
    if (HoldsBeforeObject(policy.match) && holds(policy)) matching.push_back(&policy);
  }
  if (!found.empty()) SortByName(matching);
  return matching;
}

}  // namespace tidewaiter
