// SPDX-License-Identifier: Apache-2.0
//
// The way in and the way out: one AdmissionReview as text becomes one answer as text. Pure: no clock, network, log or
// metric. Tested by tests/engine/respond_test.cc and, over golden reviews, tests/engine/golden_test.cc.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "webhook/engine/decision.h"
#include "webhook/kube/admission_review.h"
#include "webhook/policy/namespaces.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// The largest review that is read, in bytes. The API server takes at most 3 MiB in one write
// (apiserver pkg/server/config.go, MaxRequestBodyBytes); a review holds the object and the old object, so 2 x 3 MiB,
// plus userInfo, options and the growth of managedFields: 2 MiB of room.
inline constexpr std::size_t kMaxReviewBytes = 8u << 20;

// Every value `Decision::error_reason` can take, besides "".
inline constexpr std::array<std::string_view, 5> kErrorReasons = {"malformed_review", "unreadable_object",
                                                                  "unsupported_kind", "unknown_namespace", "internal"};

// An answer and what led to it.
struct Answer {
  // 200 with a review in `body`; 400 when the text is no review that could be answered, 500 when there was no memory to
  // read it (`body` is then one line of plain text saying so).
  int http_status = 200;
  std::string body;
  Decision decision;
};

struct DoorCase;

// Sees what goes into a door, for whoever explains a decision (explanation.h). Nobody watches in the server.
class DoorWatcher {
 public:
  virtual ~DoorWatcher() = default;
  // Before the door changes anything; also when no workload is left to be judged.
  virtual void OnDoor(const DoorCase& door_case) = 0;
};

// What a decision depends on besides the review.
struct ReviewContext {
  const PolicySet& policies;
  // For enforceFrom and until. The default is after every date: everything enforces, every ending exemption is over.
  Date today = Date(9999, 12, 31);
  // For namespaceSelector; nullptr knows none.
  const NamespaceSource* namespaces = nullptr;
  // Judge a Pod, too, as it will be after injection, which templates always are: for manifests, which have not been
  // through the mutate door yet. At the validate door of a cluster nothing is assumed of a Pod. What it means for
  // injecting is MutateObject's.
  bool foresees_pods = false;
  // Told of what is decided from; changes nothing.
  DoorWatcher* watcher = nullptr;
};

// Judges one AdmissionReview. Never throws: an inner failure is a denied review with code 500 and error_reason
// "internal". Thread safe: policies are immutable.
Answer Review(Door door, const ReviewContext& context, std::string_view body) noexcept;

// The text of Review(...) alone.
std::string Respond(Door door, const ReviewContext& context, std::string_view body) noexcept;

// Judges the object of `request` at the validate door, as Review does, for a caller that has no review: a manifest.
Decision JudgeObject(const AdmissionRequest& request, const ReviewContext& context) noexcept;

// What is injected into the object at the mutate door. With `foresees_pods` it is the patch for a manifest: templates,
// too, get what their Pods would get, and what modes warn and audit would inject is in the patch as well.
Decision MutateObject(const AdmissionRequest& request, const ReviewContext& context) noexcept;

}  // namespace tidewaiter
