// SPDX-License-Identifier: Apache-2.0
//
// Judges a Pod by the controls of the policies that match, and weighs the findings against the object before an update.
// Tested by tests/engine/respond_test.cc and tests/engine/ratchet_test.cc.
#pragma once

#include <string>
#include <vector>

#include "webhook/engine/active_policy.h"
#include "webhook/engine/decision.h"
#include "webhook/kube/pod.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// The Pod as the enforced controls see it, and as the others do (after what they would inject). Often the same object.
struct JudgedPod {
  const Pod& enforced;
  const Pod& would_be;
};

// What is held against one Pod. Can be moved, not copied: `judged` points into `found`.
struct Judgement {
  Judgement() = default;
  Judgement(Judgement&&) = default;
  Judgement& operator=(Judgement&&) = default;
  std::vector<JudgedFinding> judged;
  Findings found;
};

// Every finding of every control of `policies`, the exempt ones marked. Pointers get `pod_pointer` in front. With
// `only_resources` only the controls that judge resources are asked (pods/resize changes nothing else). What several
// policies ask alike (AppliedControl::rule, below `rule_count`) is asked once.
Judgement Judge(const std::vector<ActivePolicy>& policies, std::size_t rule_count, const JudgedPod& pod,
                std::string_view pod_pointer, bool only_resources);

// Marks each finding that the object before the update had as well: same policy, control, container (by list and name)
// and Finding::identity, no worse by Finding::badness. So a moved container is still the same, an improvement that does
// not go all the way is none the less one, and another bad value is a new violation.
void MarkInherited(const std::vector<JudgedFinding>& old_findings, std::vector<JudgedFinding>& findings);

// Whether any finding denies.
bool AnyDenies(const std::vector<JudgedFinding>& findings);

}  // namespace tidewaiter
