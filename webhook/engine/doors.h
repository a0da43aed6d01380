// SPDX-License-Identifier: Apache-2.0
//
// The two doors: a decoded request and its workload become the decision. Pure; respond.h wraps it in JSON.
// Tested by tests/engine/respond_test.cc.
#pragma once

#include <optional>
#include <vector>

#include "webhook/engine/active_policy.h"
#include "webhook/engine/decision.h"
#include "webhook/kube/admission_review.h"

namespace tidewaiter {

// A Pod or one template of the object, and the same before an update.
struct JudgedWorkload {
  Workload now;
  std::optional<Workload> old;
};

// What one door works on.
struct DoorCase {
  const AdmissionRequest& request;
  PolicyCase policy_case;
  // Those that are new or changed. Built-in kinds have one; a custom resource may have several.
  std::vector<JudgedWorkload> workloads;
  // Those that match the workload, in order of name.
  std::vector<const Policy*> policies;
  std::size_t rule_count = 0;  // of the whole PolicySet
  bool foresees_pods = false;  // ReviewContext::foresees_pods
};

// Injects; fills injections, patch, warnings, annotations and outcome.
void Mutate(DoorCase& door_case, Decision& decision);

// Judges; fills findings, message, warnings, annotations and outcome.
void Validate(DoorCase& door_case, Decision& decision);

}  // namespace tidewaiter
