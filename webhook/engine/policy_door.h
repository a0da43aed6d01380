// SPDX-License-Identifier: Apache-2.0
//
// The third door: PodPolicy objects on their way into the cluster, judged by the reader that would load them, in the
// words of `tidewaiter policy check`. Pure. Tested by tests/engine/policy_door_test.cc.
#pragma once

#include "absl/status/status.h"
#include "webhook/engine/decision.h"
#include "webhook/kube/admission_review.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// Fills outcome and warnings of a request for a PodPolicy. `policies` are those in force: their rows of spec.workloads
// explain kinds, and what the new policy is at odds with is a warning. InvalidArgument, with the reader's lines, for a
// policy that cannot be loaded. Deletion, changes of status and metadata, and a policy that is being deleted always
// pass: what is wrong already must not be in the way.
absl::Status JudgePolicy(const AdmissionRequest& request, const PolicySet& policies, Date today, Decision& decision);

// Whether this is the kind that the door is for.
bool IsPolicyKind(const GroupVersionKind& kind);

}  // namespace tidewaiter
