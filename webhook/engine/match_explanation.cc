// SPDX-License-Identifier: Apache-2.0
//
// Part by part, in the order in which the hot path asks.
#include "webhook/engine/match_explanation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "webhook/controls/base/globs.h"
#include "webhook/kube/owner.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/stable_hash.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

std::string ListText(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) StrAppend(&list, list.empty() ? "" : ", ", text);
  return StrCat("[", list, "]");
}

MatchReason DoesNot(std::string text, std::string key) {
  return {MatchAnswer::kDoesNot, std::move(text), std::move(key)};
}

// The number of the first glob that fits, or the count of them.
std::size_t FindGlob(const std::vector<std::string>& globs, std::string_view text) {
  const auto fits = [&](const std::string& glob) { return MatchesAny({glob}, text); };
  return static_cast<std::size_t>(std::find_if(globs.begin(), globs.end(), fits) - globs.begin());
}

std::string RequirementText(const LabelRequirement& requirement) {
  switch (requirement.op) {
    case LabelOperator::kIn:
      return requirement.values.size() == 1 ? StrCat("to be ", Quoted(requirement.values.front()))
                                            : StrCat("to be in ", ListText(requirement.values));
    case LabelOperator::kNotIn:
      return StrCat("not to be in ", ListText(requirement.values));
    case LabelOperator::kExists:
      return "to be there";
    case LabelOperator::kDoesNotExist:
      break;
  }
  return "not to be there";
}

// The first requirement that the labels do not meet, as `label env is "dev", and the selector asks it to be "prod"`.
template <typename Map>
std::string FindUnmet(const LabelSelector& selector, const Map& labels) {
  for (const LabelRequirement& requirement : selector.requirements) {
    const LabelSelector one{.requirements = {requirement}};
    if (one.Matches(labels)) continue;
    const auto label = labels.find(requirement.key);
    const std::string value = label == labels.end() ? "is not set" : StrCat("is ", Quoted(label->second));
    return StrCat("label ", requirement.key, " ", value, ", and the selector asks it ", RequirementText(requirement));
  }
  return {};
}

std::string KindListText(const std::vector<KindPattern>& kinds) {
  std::vector<std::string> names;
  names.reserve(kinds.size());
  for (const KindPattern& kind : kinds) {
    names.push_back(kind.group.has_value() ? StrCat(kind.kind, ".", *kind.group) : kind.kind);
  }
  return ListText(names);
}

std::optional<MatchReason> ExplainNamespaceName(const Match& match, std::string_view name) {
  const std::size_t excluded = FindGlob(match.exclude_namespaces, name);
  if (excluded < match.exclude_namespaces.size()) {
    const std::string& glob = match.exclude_namespaces[excluded];
    return DoesNot(StrCat("namespace ", Quoted(name), " is excluded", glob == name ? "" : StrCat(" by ", Quoted(glob))),
                   StrCat("spec.match.namespaces.exclude[", excluded, "]"));
  }
  if (!match.include_namespaces.empty() && !MatchesAny(match.include_namespaces, name)) {
    return DoesNot(StrCat("namespace ", Quoted(name), " is none of ", ListText(match.include_namespaces)),
                   "spec.match.namespaces.include");
  }
  return std::nullopt;
}

std::optional<MatchReason> ExplainNamespaceSelector(const Match& match, const MatchQuestion& question) {
  constexpr std::string_view kKey = "spec.match.namespaceSelector";
  if (!match.namespace_selector.has_value()) return std::nullopt;
  const LabelSelector& selector = *match.namespace_selector;
  const std::string of = StrCat("of namespace ", Quoted(question.subject.namespace_name), ": ");
  if (!match.asks_for_namespace_labels()) {
    const TextMap<std::string_view> labels = {{kNamespaceNameLabel, question.subject.namespace_name}};
    const std::string unmet = FindUnmet(selector, labels);
    return unmet.empty() ? std::nullopt : std::optional(DoesNot(of + unmet, std::string(kKey)));
  }
  if (question.namespace_labels == nullptr) {
    return MatchReason{MatchAnswer::kUnknown,
                       StrCat("the labels of namespace ", Quoted(question.subject.namespace_name),
                              " are not known: give them with --namespaces"),
                       std::string(kKey)};
  }
  const std::string unmet = FindUnmet(selector, *question.namespace_labels);
  return unmet.empty() ? std::nullopt : std::optional(DoesNot(of + unmet, std::string(kKey)));
}

std::optional<MatchReason> ExplainObjectSelector(const Match& match, const MatchQuestion& question) {
  if (!match.object_selector.has_value() || question.labels == nullptr) return std::nullopt;
  const std::string unmet = FindUnmet(*match.object_selector, *question.labels);
  if (unmet.empty()) return std::nullopt;
  if (question.old_labels != nullptr && match.object_selector->Matches(*question.old_labels)) return std::nullopt;
  return DoesNot(StrCat("of the object: ", unmet), "spec.match.objectSelector");
}

// What was asked for and holds.
std::string HoldingText(const Match& match, const MatchQuestion& question) {
  std::string text;
  const auto add = [&](const std::string& part) { StrAppend(&text, text.empty() ? "" : ", ", part); };
  const std::size_t included = FindGlob(match.include_namespaces, question.subject.namespace_name);
  if (included < match.include_namespaces.size()) {
    add(StrCat("namespace ", Quoted(question.subject.namespace_name), " fits ",
               Quoted(match.include_namespaces[included])));
  } else {
    add(match.exclude_namespaces.empty() ? "every namespace"
                                         : StrCat("every namespace but ", ListText(match.exclude_namespaces)));
  }
  add(match.kinds.empty() ? std::string("every kind") : StrCat("kind ", question.subject.kind));
  if (match.namespace_selector.has_value()) add("namespaceSelector holds");
  if (match.object_selector.has_value()) add("objectSelector holds");
  return text;
}

std::string ContainersText(const Exemption& exemption, const Pod& pod) {
  std::string names;
  for (const Container& container : pod.containers) {
    if (!exemption.HoldsForContainer(ExemptionContainer(container))) continue;
    StrAppend(&names, names.empty() ? "" : ", ", Quoted(container.name));
  }
  return names;
}

}  // namespace

MatchReason ExplainMatch(const Policy& policy, const MatchQuestion& question) {
  const Match& match = policy.match;
  if (auto reason = ExplainNamespaceName(match, question.subject.namespace_name)) return *std::move(reason);
  const Match only_kinds{.include_namespaces = {},
                         .exclude_namespaces = {},
                         .namespace_selector = {},
                         .object_selector = {},
                         .kinds = match.kinds};
  if (!only_kinds.HoldsAt(question.subject)) {
    return DoesNot(StrCat("kind ", question.subject.kind, " is none of ", KindListText(match.kinds)),
                   "spec.match.kinds");
  }
  // What does not apply for certain is not in doubt for the want of labels.
  auto by_namespace = ExplainNamespaceSelector(match, question);
  if (by_namespace.has_value() && by_namespace->answer == MatchAnswer::kDoesNot) return *std::move(by_namespace);
  if (auto reason = ExplainObjectSelector(match, question)) return *std::move(reason);
  if (by_namespace.has_value()) return *std::move(by_namespace);
  return {MatchAnswer::kApplies, HoldingText(match, question), ""};
}

MatchReason ExplainHoldingBack(const Policy& policy, const PolicyCase& policy_case, const ObjectMeta& metadata) {
  if (!IsHeldBack(policy, policy_case, metadata)) return {};
  if (policy.enforce_from.has_value() && policy_case.today < *policy.enforce_from) {
    return {MatchAnswer::kDoesNot, StrCat("enforce acts as warn until ", absl::FormatCivilTime(*policy.enforce_from)),
            "spec.enforceFrom"};
  }
  const std::uint64_t hash = StableHash(StrCat(policy_case.namespace_name, "/", RootName(metadata)));
  return {MatchAnswer::kDoesNot,
          StrCat("enforce acts as warn: ", policy_case.namespace_name, "/", RootName(metadata), " is number ",
                 hash % 100, " of 0 to 99, and those below ", policy.enforce_percent, " are enforced"),
          "spec.enforcePercent"};
}

MatchReason ExplainExemption(const Policy& policy, std::size_t number, const PolicyCase& policy_case,
                             const Workload& workload) {
  const Exemption& exemption = policy.exemptions[number];
  const std::string key = StrCat("spec.exemptions[", number, "]");
  if (exemption.IsOver(policy_case.today)) {
    return DoesNot(StrCat("is over since ", absl::FormatCivilTime(*exemption.until + 1)), StrCat(key, ".until"));
  }
  const std::string_view account = workload.pod.service_account_name;
  const ExemptionSubject subject{.namespace_name = policy_case.namespace_name,
                                 .names = KnownNames(workload.metadata),
                                 .service_account = account.empty() ? "default" : account,
                                 .user = policy_case.user};
  // Each part by itself, through the same function that asks all of them.
  const auto fails = [&](std::vector<std::string> Exemption::*part) {
    Exemption only;
    only.*part = exemption.*part;
    return !only.HoldsFor(subject);
  };
  if (fails(&Exemption::namespaces)) {
    return DoesNot(StrCat("namespace ", Quoted(subject.namespace_name), " is none of ", ListText(exemption.namespaces)),
                   key + ".match.namespaces");
  }
  if (fails(&Exemption::names)) {
    std::string names;
    for (const std::string_view name : subject.names) StrAppend(&names, names.empty() ? "" : ", ", Quoted(name));
    return DoesNot(StrCat(names.empty() ? "no name" : names, " is none of ", ListText(exemption.names)),
                   key + ".match.names");
  }
  if (fails(&Exemption::service_accounts)) {
    return DoesNot(StrCat("service account ", Quoted(subject.service_account), " is none of ",
                          ListText(exemption.service_accounts)),
                   key + ".match.serviceAccounts");
  }
  if (fails(&Exemption::users)) {
    return DoesNot(StrCat("user ", Quoted(subject.user), " is none of ", ListText(exemption.users)),
                   key + ".match.users");
  }
  if (!exemption.is_about_containers()) return {MatchAnswer::kApplies, "holds for the whole Pod", key};
  const std::string containers = ContainersText(exemption, workload.pod);
  if (!containers.empty()) return {MatchAnswer::kApplies, StrCat("holds for ", containers), key};
  const auto& globs = exemption.images.empty() ? exemption.containers : exemption.images;
  return DoesNot(StrCat("no container fits ", ListText(globs)),
                 key + (exemption.images.empty() ? ".match.containers" : ".match.images"));
}

}  // namespace tidewaiter
