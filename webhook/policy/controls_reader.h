// SPDX-License-Identifier: Apache-2.0
//
// What a policy says of its controls: those it names, with their settings, and those that spec.podSecurity asks for.
// Tested by tests/policy/policy_loader_test.cc.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/controls/base/control.h"
#include "webhook/policy/policy_document.h"
#include "webhook/policy/policy_errors.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// "; did you mean "image-tag"?", or where to look when no control's id is near.
std::string ControlHint(std::string_view id);

// Reads spec.controls and spec.podSecurity when it is made, adding to `errors` what is wrong.
class PolicyControls {
 public:
  PolicyControls(const SpecDocument& spec, PolicyErrors& errors);

  // Sorted by id. One whose settings are wrong is not among them.
  const std::vector<AppliedControl>& applied() const { return applied_; }

  // Why the policy does not apply the control and what to do about it, as the end of a sentence: "restricted-volumes
  // asks for it". "" for one that it applies, or would but for its settings.
  std::string WhyNotApplied(const Control& control) const;

 private:
  void ReadNamed(const DocumentNode& key, const DocumentNode& value, PolicyErrors& errors);
  void Apply(const Control& control, const DocumentNode* node, Mode mode, PolicyErrors& errors);
  bool IsExpanded(const Control& control) const;

  Mode mode_;
  StandardContext standard_;
  std::string level_;  // of spec.podSecurity; "" for none
  std::vector<const Control*> expanded_;
  std::set<const Control*> named_;
  std::set<const Control*> switched_off_;
  std::set<const Control*> asked_;  // applied, or wrong in its settings
  std::vector<AppliedControl> applied_;
};

}  // namespace tidewaiter
