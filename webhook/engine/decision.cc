// SPDX-License-Identifier: Apache-2.0
//
// The names of doors and outcomes; they are metric labels and must not drift.
#include "webhook/engine/decision.h"

namespace tidewaiter {

std::string_view DoorName(Door door) {
  if (door == Door::kValidatePolicy) return "validate-policy";
  return door == Door::kMutate ? "mutate" : "validate";
}

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAllow:
      return "allow";
    case Outcome::kWarn:
      return "warn";
    case Outcome::kPatch:
      return "patch";
    case Outcome::kDeny:
      return "deny";
    case Outcome::kRefuse:
      return "refuse";
    case Outcome::kError:
      return "error";
  }
  return "error";
}

}  // namespace tidewaiter
