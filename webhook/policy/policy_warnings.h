// SPDX-License-Identifier: Apache-2.0
//
// What is odd about policies that can be loaded. Tested by tests/policy/policy_warnings_test.cc.
#pragma once

#include <string>
#include <vector>

#include "webhook/policy/date.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// One line each, beginning with the place of the policy (FILE:LINE), in order of policy names: exemptions that were
// over before `today`, and defaults of the control `resources` that the same control of another policy denies. Both
// policies must be in mode enforce there; whether they ever match the same workload is not asked.
std::vector<std::string> FindPolicyWarnings(const PolicySet& policies, Date today);

}  // namespace tidewaiter
