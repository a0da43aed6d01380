// SPDX-License-Identifier: Apache-2.0
//
// At most 62 looks are kept.
#include "webhook/cli/recent_findings.h"

namespace tidewaiter {

std::map<std::string, FindingCounts> RecentFindings::Look(Totals totals, Time now) {
  constexpr std::chrono::minutes kWindow{60};
  constexpr std::chrono::minutes kApart{1};
  // What was counted before the first look was counted since the start.
  if (looks_.empty()) {
    looks_.emplace_back(now, Totals());
    looks_.emplace_back(now, totals);
  }
  while (looks_.size() > 1 && now - looks_[1].first >= kWindow) looks_.pop_front();
  const Totals& old = looks_.front().second;
  std::map<std::string, FindingCounts> counts;
  for (const auto& [key, total] : totals) {
    const auto& [policy, mode] = key;
    const auto before = old.find(key);
    FindingCounts& of_policy = counts[policy];
    std::uint64_t& count = mode == "enforce" ? of_policy.enforce : mode == "warn" ? of_policy.warn : of_policy.audit;
    count = total - (before == old.end() ? 0 : before->second);
  }
  if (now - looks_.back().first >= kApart) looks_.emplace_back(now, std::move(totals));
  return counts;
}

}  // namespace tidewaiter
