// SPDX-License-Identifier: Apache-2.0
//
// Runs the injecting controls of some policies over a Pod. Used for real (the mutate door) and to foresee what a
// template's Pods will be, so that both can never differ. Tested by tests/engine/invariants_test.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "webhook/controls/base/editor.h"
#include "webhook/engine/active_policy.h"
#include "webhook/engine/decision.h"
#include "webhook/kube/admission_review.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// Which controls inject: those in mode enforce really do, the others only would.
enum class InjectionKind { kEnforced, kWouldBe };

struct InjectionResult {
  std::vector<Injection> injections;  // pointers from the object's root
  std::vector<std::string> warnings;
  std::string patch;  // RFC 6902, or ""
};

// The names of the ephemeral containers that `old_pod` does not have.
std::vector<std::string> NewEphemeralContainers(const Pod& pod, const Pod& old_pod);

// What the API server lets a webhook change of this object, or nullopt for nothing at all. `old_pod` is the Pod before
// an update, or nullptr. Pods: while being created, and new containers of pods/ephemeralcontainers; mirror Pods never
// (kubernetes pkg/apis/core/validation: ValidatePodUpdate, allowedEphemeralContainerFields). Templates: their Pods are
// created later.
std::optional<EditScope> FindEditScope(const AdmissionRequest& request, const Workload& workload, const Pod* old_pod);

// Whether any control of `policies` would do something for `kind`.
bool HasInjection(const std::vector<ActivePolicy>& policies, InjectionKind kind);

// Edits `pod` in place, but for what is exempt. What several policies ask alike is set once, for the first of them.
// Without `wants_patch` the result has none: a template is never rewritten, and a patch that is only foreseen not sent.
InjectionResult Inject(const std::vector<ActivePolicy>& policies, InjectionKind kind, EditScope scope,
                       std::string_view pod_pointer, bool wants_patch, Pod& pod);

}  // namespace tidewaiter
