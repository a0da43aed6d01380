// SPDX-License-Identifier: Apache-2.0
//
// Says of each policy how it can be found, and of those found by labels what they ask before there are any.
#include "webhook/policy/policy_index.h"

#include <algorithm>
#include <set>
#include <utility>

namespace tidewaiter {
namespace {

std::vector<RuleWay> WaysOf(const Match& match) {
  std::vector<RuleWay> ways;
  AddGlobWays(kByNamespace, match.include_namespaces, ways);
  if (match.asks_for_namespace_labels()) {
    AddLabelWays(kByNamespaceLabels, *match.namespace_selector, ways);
  } else if (match.namespace_selector.has_value()) {
    for (const LabelRequirement& requirement : match.namespace_selector->requirements) {
      if (requirement.op == LabelOperator::kIn) AddGlobWays(kByNamespace, requirement.values, ways);
    }
  }
  if (match.object_selector.has_value()) AddLabelWays(kByObjectLabels, *match.object_selector, ways);
  std::vector<std::string> kinds;
  for (const KindPattern& pattern : match.kinds) kinds.push_back(pattern.kind);
  AddGlobWays(kByKind, kinds, ways);
  return ways;
}

}  // namespace

PolicyIndex::PolicyIndex(const std::vector<const Match*>& matches) {
  std::vector<std::vector<RuleWay>> rules;
  rules.reserve(matches.size());
  for (const Match* match : matches) rules.push_back(WaysOf(*match));
  rules_ = RuleIndex(rules);
  std::set<Match> before_labels;
  std::set<Match> before_object;
  const auto add = [&](std::size_t number) {
    Match rest = *matches[number];
    const bool asks_for_labels = rest.asks_for_namespace_labels();
    rest.object_selector.reset();
    before_object.insert(rest);
    rest.namespace_selector.reset();
    if (asks_for_labels) before_labels.insert(std::move(rest));
  };
  for (const std::size_t number : rules_.RulesOf(kByObjectLabels)) add(number);
  before_object_.assign(before_object.begin(), before_object.end());
  for (const std::size_t number : rules_.RulesOf(kByNamespaceLabels)) add(number);
  before_labels_.assign(before_labels.begin(), before_labels.end());
}

}  // namespace tidewaiter
