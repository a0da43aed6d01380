// SPDX-License-Identifier: Apache-2.0
//
// Why a policy applies to an object or does not, and why an exemption holds or does not, in words and with the key of
// the policy document that decided it. Asks the same questions as the hot path, one by one, and is no part of it.
// Tested by tests/engine/explanation_test.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "webhook/engine/active_policy.h"
#include "webhook/kube/label_selector.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// What of an object the match rules look at. What it points at must live as long as the call.
struct MatchQuestion {
  MatchSubject subject;
  std::shared_ptr<const Labels> namespace_labels;  // nullptr: not known
  const TextMap<std::string_view>* labels = nullptr;
  const TextMap<std::string_view>* old_labels = nullptr;  // nullptr: no update
};

enum class MatchAnswer {
  kApplies,
  kDoesNot,
  kUnknown,  // it might: where it enforces, the request is refused
};

struct MatchReason {
  MatchAnswer answer = MatchAnswer::kApplies;
  // "namespace \"kube-system\" is excluded by the glob \"kube-*\"".
  std::string text;
  // The key path of what decided it, "spec.match.namespaces.exclude[0]"; "" where that is nothing that is written.
  std::string key;
};

MatchReason ExplainMatch(const Policy& policy, const MatchQuestion& question);

// Why enforce acts as warn for this workload; no text when it does not.
MatchReason ExplainHoldingBack(const Policy& policy, const PolicyCase& policy_case, const ObjectMeta& metadata);

// Whether the exemption of that number holds for the workload, or for which of its containers.
MatchReason ExplainExemption(const Policy& policy, std::size_t number, const PolicyCase& policy_case,
                             const Workload& workload);

}  // namespace tidewaiter
