// SPDX-License-Identifier: Apache-2.0
//
// A decision with what led to it: every policy and why it applies, every change, the Pods as they were judged. Made
// beside the hot path, by watching it. Tested by tests/engine/explanation_test.cc, which holds it against the decisions
// of both doors.
#pragma once

#include <string>
#include <vector>

#include "webhook/engine/decision.h"
#include "webhook/engine/match_explanation.h"
#include "webhook/engine/respond.h"

namespace tidewaiter {

struct ExemptionExplanation {
  const Exemption* exemption = nullptr;  // never null
  MatchReason reason;
};

// A policy that applies, as it stands for one workload.
struct PolicyStanding {
  const Policy* policy = nullptr;  // never null
  MatchReason held_back;           // no text: it is not
  // What it injects will be in the Pods of this template; always true of a Pod.
  bool reaches_pods = true;
  std::vector<ExemptionExplanation> exemptions;  // all of the policy's
};

// One Pod or template of the object.
struct WorkloadExplanation {
  std::string pod_pointer;  // "" for a Pod
  std::vector<PolicyStanding> standings;
  // What is set in the Pod, or in those made from the template: in mode enforce for real, otherwise only told.
  std::vector<Injection> changes;
  std::vector<std::string> notes;  // what may come of the changes
  // RFC 6902 from the object's root, "" for none: to the Pod as enforced controls see it, and from there as the others
  // do.
  std::string patch;
  std::string would_be_patch;
};

struct PolicyExplanation {
  const Policy* policy = nullptr;  // never null
  MatchReason reason;
};

struct Explanation {
  // Of the validate door, after what the mutate door does to a Pod.
  Decision decision;
  // Why nothing was asked of any policy: the operation, the subresource, what did not change; "" when something was.
  std::string unjudged;
  std::vector<PolicyExplanation> policies;  // all of the set, in order of name
  std::vector<WorkloadExplanation> workloads;
  bool only_resources = false;  // pods/resize: other controls are not asked
};

// Its views are of the context's policies, and of nothing else. Never throws.
Explanation Explain(const AdmissionRequest& request, ReviewContext context) noexcept;

}  // namespace tidewaiter
