// SPDX-License-Identifier: Apache-2.0
//
// The two doors: a decoded request and its workload become the decision. Pure; respond.h wraps it in JSON.
// Tested by tests/engine/respond_test.cc.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "webhook/engine/decision.h"
#include "webhook/kube/admission_review.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// What one door works on.
struct DoorCase {
  const AdmissionRequest& request;
  Workload workload;
  // The object before an update; absent otherwise.
  std::optional<Workload> old;
  // Those that match the workload, in order of name.
  std::vector<const Policy*> policies;
};

// Injects; fills injections, patch, warnings, annotations and outcome.
void Mutate(DoorCase& door_case, Decision& decision);

// Judges; fills findings, message, warnings, annotations and outcome.
void Validate(DoorCase& door_case, Decision& decision);

}  // namespace tidewaiter
