// SPDX-License-Identifier: Apache-2.0
//
// An hour of looks.
#include "webhook/cli/recent_findings.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

TEST(RecentFindingsTest, CountsTheLastHour) {
  RecentFindings findings;
  RecentFindings::Time now;
  const auto warned = [&](std::uint64_t total) { return findings.Look({{{"p", "warn"}, total}}, now)["p"].warn; };
  EXPECT_EQ(warned(5), 5u);
  now += std::chrono::minutes(30);
  EXPECT_EQ(warned(7), 7u);
  now += std::chrono::minutes(30);
  EXPECT_EQ(warned(8), 3u) << "the first five are older";
  now += std::chrono::minutes(31);
  EXPECT_EQ(warned(8), 1u);
  now += std::chrono::minutes(30);
  EXPECT_EQ(warned(8), 0u);
  now += std::chrono::seconds(1);
  EXPECT_EQ(warned(9), 1u);
}

TEST(RecentFindingsTest, ByPolicyAndMode) {
  RecentFindings findings;
  auto counts = findings.Look({{{"a", "enforce"}, 1}, {{"a", "audit"}, 2}, {{"b", "warn"}, 3}}, {});
  EXPECT_EQ(counts["a"].enforce, 1u);
  EXPECT_EQ(counts["a"].audit, 2u);
  EXPECT_EQ(counts["b"].warn, 3u);
}

}  // namespace
}  // namespace tidewaiter
