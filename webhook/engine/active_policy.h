// SPDX-License-Identifier: Apache-2.0
//
// A policy as it stands for one workload today: in which mode its controls count (enforceFrom, enforcePercent), and
// which of its exemptions hold. Tested by tests/engine/active_policy_test.cc and tests/engine/policy_features_test.cc.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "webhook/controls/base/finding.h"
#include "webhook/kube/workload.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// What the two questions below look at. `user` is request.userInfo.username.
struct PolicyCase {
  std::string_view namespace_name;
  std::string_view user;
  Date today;
};

struct ActivePolicy {
  const Policy* policy = nullptr;
  bool is_held_back = false;  // enforce acts as warn
  // In the order written. Of those for single containers, the ones that may hold for a container of this workload.
  std::vector<const Exemption*> exemptions;

  Mode ModeOf(const AppliedControl& applied) const {
    return is_held_back && applied.mode == Mode::kEnforce ? Mode::kWarn : applied.mode;
  }

  // The exemption that excuses this container, or the Pod as a whole, from `control`; nullptr when none does. The Pod
  // as a whole is excused by an exemption that names no containers, or whose containers all of them are.
  const Exemption* FindFor(const Control& control, const Container& container) const;
  const Exemption* FindForPod(const Control& control, const Pod& pod) const;
  // The one that excuses what a finding of `control` is about, in the Pod at `pod_pointer` of its object.
  const Exemption* FindForFinding(const Control& control, const Pod& pod, std::string_view pod_pointer,
                                  const Finding& finding) const;
};

// Whether enforcement has not begun, or not for this workload. Which share a workload falls into depends on namespace
// and RootName alone: it stays the same for all its Pods, under every policy, whatever else changes.
bool IsHeldBack(const Policy& policy, const PolicyCase& policy_case, const ObjectMeta& metadata);

// How `policies` stand for `workload`.
std::vector<ActivePolicy> Activate(const std::vector<const Policy*>& policies, const PolicyCase& policy_case,
                                   const Workload& workload);

}  // namespace tidewaiter
