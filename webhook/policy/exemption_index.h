// SPDX-License-Identifier: Apache-2.0
//
// Which of a policy's exemptions can hold for a workload, found by what they name: of thousands for other workloads
// none is asked. Tested by tests/policy/exemption_index_test.cc and tests/engine/active_policy_test.cc.
#pragma once

#include <vector>

#include "absl/functional/function_ref.h"
#include "webhook/policy/match.h"
#include "webhook/policy/rule_index.h"

namespace tidewaiter {

class ExemptionIndex {
 public:
  ExemptionIndex() = default;
  explicit ExemptionIndex(const std::vector<Exemption>& exemptions);

  // Whether ForEach needs containers.
  bool looks_at_containers() const;
  // Calls `visit` with the number of each exemption that may hold for `subject` and, where it is about containers, for
  // one of `containers`, in rising order.
  void ForEach(const ExemptionSubject& subject, const std::vector<ExemptionContainer>& containers,
               absl::FunctionRef<void(std::size_t)> visit) const;

 private:
  RuleIndex rules_;
};

}  // namespace tidewaiter
