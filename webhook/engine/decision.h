// SPDX-License-Identifier: Apache-2.0
//
// Everything that came of one review, as one value. Answer, metrics and log line are all made from it, so none of them
// can tell a different story. Tested by tests/engine/respond_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "webhook/controls/base/finding.h"
#include "webhook/controls/base/mode.h"

namespace tidewaiter {

// The HTTP paths of the webhook: /mutate injects, /validate judges, /validate-policy judges PodPolicy resources.
enum class Door { kValidate, kMutate, kValidatePolicy };

// "validate", "mutate" or "validate-policy".
std::string_view DoorName(Door door);

// What the answer says, in one word; the value of the metric label `decision`.
enum class Outcome {
  kAllow,   // allowed as it is
  kWarn,    // allowed, with warnings
  kPatch,   // allowed with a JSON patch
  kDeny,    // a policy in enforce mode forbids it
  kRefuse,  // the object cannot be read as its kind (wrong type, bad quantity): denied with the pointer
  kError,   // an inner failure: denied with code 500
};

// "allow", "warn", "patch", "deny", "refuse", "error".
std::string_view OutcomeName(Outcome outcome);

// A finding with the policy that made it and the mode it counts in. Its views are of the policy set that judged, which
// must outlive it.
struct JudgedFinding {
  std::string_view policy;
  Mode mode = Mode::kEnforce;
  // True when the object before the update had the same violation: then it warns and does not deny.
  bool is_inherited = false;
  // The name of the exemption of that policy that excuses it; then it is only counted and audited.
  std::string_view exemption = {};
  const Finding* finding = nullptr;  // set; one for all policies that ask the same. Decision::found has it

  bool is_exempt() const { return !exemption.empty(); }
  bool denies() const { return mode == Mode::kEnforce && !is_inherited && !is_exempt(); }
};

// A default that was injected (mode enforce) or would have been (warn, audit).
// The views are of the policy set and of the program.
struct Injection {
  std::string_view policy;
  std::string_view control;
  Mode mode = Mode::kEnforce;
  // JSON pointer from the object's root.
  std::string pointer;
  // What stands there now, as JSON text; "null" when it was taken out.
  std::string value;
};

// An audit annotation: the key holds no '/', the API server prefixes it with the webhook's name.
struct AuditAnnotation {
  std::string key;
  std::string value;
};

// Can be moved, not copied: `findings` point into `found`.
struct Decision {
  Decision() = default;
  Decision(Decision&&) = default;
  Decision& operator=(Decision&&) = default;

  Door door = Door::kValidate;
  Outcome outcome = Outcome::kError;

  // Copied from the request; empty when it could not be read.
  std::string uid;
  std::string group;
  std::string kind;
  std::string subresource;
  std::string operation;  // CREATE, UPDATE, DELETE, CONNECT
  std::string namespace_name;
  std::string name;  // or generateName with a trailing '*'
  std::string user;
  bool is_dry_run = false;

  std::vector<JudgedFinding> findings;
  std::vector<Findings> found;  // of each Pod or template
  std::vector<Injection> injections;
  std::vector<std::string> warnings;
  std::vector<AuditAnnotation> audit_annotations;
  // RFC 6902 as JSON text; empty when nothing changes.
  std::string patch;
  // The text shown to the user on deny, refuse and error.
  std::string message;
  // For refuse, error and malformed reviews: one word of a closed set for the metric errors_total{reason}
  // (kErrorReasons in respond.h); empty otherwise.
  std::string_view error_reason;

  bool is_allowed() const {
    return outcome == Outcome::kAllow || outcome == Outcome::kWarn || outcome == Outcome::kPatch;
  }
};

}  // namespace tidewaiter
