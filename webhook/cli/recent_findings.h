// SPDX-License-Identifier: Apache-2.0
//
// The findings of the last hour, from counters that only grow: a look now and then, and the difference to the look of
// an hour ago. Tested by tests/cli/recent_findings_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "webhook/cluster/policy_status.h"

namespace tidewaiter {

// Exact to a minute. Not thread safe.
class RecentFindings {
 public:
  using Totals = std::map<std::pair<std::string, std::string>, std::uint64_t>;  // by policy and mode
  using Time = std::chrono::steady_clock::time_point;

  // By policy: what the totals of now have more than those of an hour ago, or of the first look.
  std::map<std::string, FindingCounts> Look(Totals totals, Time now);

 private:
  std::deque<std::pair<Time, Totals>> looks_;  // a minute apart
};

}  // namespace tidewaiter
