// SPDX-License-Identifier: Apache-2.0
//
// What is prepared once, so that a review asks few policies and each question once.
#include "webhook/policy/policy_set.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace tidewaiter {
PolicySet::PolicySet(std::vector<Policy> policies, std::vector<WorkloadRow> workloads)
    : policies_(std::move(policies)), workloads_(std::move(workloads)) {
  std::sort(policies_.begin(), policies_.end(), [](const Policy& a, const Policy& b) { return a.name < b.name; });
  std::map<std::pair<const Control*, std::string>, std::size_t> rules;
  std::vector<const Match*> matches;
  matches.reserve(policies_.size());
  for (Policy& policy : policies_) {
    matches.push_back(&policy.match);
    for (AppliedControl& applied : policy.controls) {
      applied.rule = rules.emplace(std::pair(applied.control, applied.fingerprint), rules.size()).first->second;
    }
    policy.exemption_index = ExemptionIndex(policy.exemptions);
  }
  index_ = PolicyIndex(matches);
  rule_count_ = rules.size();
}

}  // namespace tidewaiter
