// SPDX-License-Identifier: Apache-2.0
//
// What is prepared once, so that a review asks few policies and each question once.
#include "webhook/policy/policy_set.h"

#include <algorithm>
#include <utility>

namespace tidewaiter {
namespace {

bool IsLiteral(const std::string& glob) { return glob.find_first_of("*?") == std::string::npos; }

}  // namespace

void NamespaceIndex::Add(const std::vector<std::string>& include) {
  const std::size_t number = count_++;
  if (include.empty() || !std::all_of(include.begin(), include.end(), IsLiteral)) {
    general_.push_back(number);
    return;
  }
  for (const std::string& name : include) {
    std::vector<std::size_t>& numbers = literal_[name];
    if (numbers.empty() || numbers.back() != number) numbers.push_back(number);
  }
}

void NamespaceIndex::ForEach(std::string_view namespace_name, absl::FunctionRef<void(std::size_t)> visit) const {
  static const std::vector<std::size_t> kNone;
  const auto found = literal_.find(namespace_name);
  const std::vector<std::size_t>& literal = found == literal_.end() ? kNone : found->second;
  auto a = general_.begin();
  auto b = literal.begin();
  while (a != general_.end() || b != literal.end()) {
    visit(b == literal.end() || (a != general_.end() && *a < *b) ? *a++ : *b++);
  }
}

PolicySet::PolicySet(std::vector<Policy> policies, std::vector<WorkloadRow> workloads)
    : policies_(std::move(policies)), workloads_(std::move(workloads)) {
  std::sort(policies_.begin(), policies_.end(), [](const Policy& a, const Policy& b) { return a.name < b.name; });
  std::map<std::pair<const Control*, std::string>, std::size_t> rules;
  for (Policy& policy : policies_) {
    index_.Add(policy.match.include_namespaces);
    for (AppliedControl& applied : policy.controls) {
      applied.rule = rules.emplace(std::pair(applied.control, applied.fingerprint), rules.size()).first->second;
    }
    for (const Exemption& exemption : policy.exemptions) policy.exemption_index.Add(exemption.namespaces);
  }
  rule_count_ = rules.size();
}

std::vector<const Policy*> PolicySet::FindMatching(const MatchSubject& subject) const {
  std::vector<const Policy*> matching;
  index_.ForEach(subject.namespace_name, [&](std::size_t number) {
    const Policy& policy = policies_[number];
    if (policy.match.HoldsAt(subject)) matching.push_back(&policy);
  });
  return matching;
}

}  // namespace tidewaiter
