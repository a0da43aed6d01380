// SPDX-License-Identifier: Apache-2.0
//
// Which of a set's policies can match a request, found by what they ask of its namespace, the namespace's labels, the
// object's labels or its kind. policy_matcher.h asks it. Tested by tests/policy/policy_matcher_test.cc.
#pragma once

#include <vector>

#include "webhook/policy/match.h"
#include "webhook/policy/rule_index.h"

namespace tidewaiter {

// The fields that policies are found by, in the order of preference.
enum PolicyField : std::size_t { kByNamespace, kByNamespaceLabels, kByObjectLabels, kByKind };

class PolicyIndex {
 public:
  PolicyIndex() = default;
  explicit PolicyIndex(const std::vector<const Match*>& matches);

  const RuleIndex& rules() const { return rules_; }
  // What those that are found by labels ask besides, each only once: many policies differ in nothing but the labels.
  // Those without namespace_selector and object_selector, of the policies that ask for a namespace's labels.
  const std::vector<Match>& before_labels() const { return before_labels_; }
  // Those without object_selector, of the policies that are found by an object's labels.
  const std::vector<Match>& before_object() const { return before_object_; }

 private:
  RuleIndex rules_;
  std::vector<Match> before_labels_;
  std::vector<Match> before_object_;
};

}  // namespace tidewaiter
