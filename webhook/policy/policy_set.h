// SPDX-License-Identifier: Apache-2.0
//
// Policies as the engine uses them: checked, immutable, ready to match. policy_loader.h makes them from documents.
// Tested by tests/policy/policy_loader_test.cc and tests/policy/match_test.cc.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/mode.h"
#include "webhook/policy/date.h"
#include "webhook/policy/exemption_index.h"
#include "webhook/policy/match.h"
#include "webhook/policy/policy_index.h"

namespace tidewaiter {

// A control as one policy applies it.
struct AppliedControl {
  const Control* control = nullptr;  // never null, lives as long as the program
  Mode mode = Mode::kEnforce;        // the control's own mode, or else the policy's
  ControlSettings settings;
  // What the document says of it, as text: equal texts judge alike.
  std::string fingerprint;
  // Numbers the distinct (control, fingerprint) of the whole set, so that what several policies ask alike is judged
  // once. Set by PolicySet.
  std::size_t rule = 0;
};

struct Policy {
  std::string name;    // metadata.name
  std::string source;  // "FILE:LINE" of the document
  Match match;
  std::optional<Date> enforce_from;      // before that day enforce acts as warn
  int enforce_percent = 100;             // of the workloads; the rest is warned
  std::vector<AppliedControl> controls;  // sorted by control id
  std::vector<Exemption> exemptions;     // in the order written
  ExemptionIndex exemption_index;        // of `exemptions`; made by PolicySet
};

// A row of spec.workloads: a custom resource and one place in it that holds a pod template, or a list of them.
struct WorkloadRow {
  std::string group;
  std::string kind;
  std::string pod_template;  // JSON pointer with `*` for each element of a list
  auto operator<=>(const WorkloadRow&) const = default;
};

// All policies in force at one time. Never changed after it was built; replaced as a whole on reload, readers hold a
// shared pointer.
class PolicySet {
 public:
  PolicySet() = default;
  explicit PolicySet(std::vector<Policy> policies, std::vector<WorkloadRow> workloads = {});

  // Sorted by name; names are unique.
  const std::vector<Policy>& policies() const { return policies_; }
  // Of `policies` by their numbers; policy_matcher.h asks it.
  const PolicyIndex& index() const { return index_; }
  // Of all policies together; where a custom resource holds its templates is no matter of opinion.
  const std::vector<WorkloadRow>& workloads() const { return workloads_; }
  // AppliedControl::rule is below this.
  std::size_t rule_count() const { return rule_count_; }

 private:
  std::vector<Policy> policies_;
  std::vector<WorkloadRow> workloads_;
  PolicyIndex index_;
  std::size_t rule_count_ = 0;
};

}  // namespace tidewaiter
