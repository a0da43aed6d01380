// SPDX-License-Identifier: Apache-2.0
//
// Policies as the engine uses them: checked, immutable, ready to match. policy_loader.h makes them from documents.
// Tested by tests/policy/policy_loader_test.cc and tests/policy/match_test.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/mode.h"

namespace tidewaiter {

// What of a workload the match rules look at. Views: valid for the call only.
struct MatchSubject {
  std::string_view namespace_name;
  std::string_view kind;
};

// spec.match: every given part must hold; an absent part holds.
struct Match {
  std::vector<std::string> include_namespaces;  // globs; empty = all
  std::vector<std::string> exclude_namespaces;  // globs; win over include
  std::vector<std::string> kinds;               // exact; empty = all

  bool Holds(const MatchSubject& subject) const;
};

// A control as one policy applies it.
struct AppliedControl {
  const Control* control = nullptr;  // never null, lives as long as the program
  Mode mode = Mode::kEnforce;        // the control's own mode, or else the policy's
  ControlSettings settings;
};

struct Policy {
  std::string name;    // metadata.name
  std::string source;  // "FILE:LINE" of the document
  Match match;
  std::vector<AppliedControl> controls;  // sorted by control id
};

// All policies in force at one time. Never changed after it was built; replaced as a whole on reload, readers hold a
// shared pointer.
struct PolicySet {
  std::vector<Policy> policies;  // sorted by name; names are unique
};

}  // namespace tidewaiter
