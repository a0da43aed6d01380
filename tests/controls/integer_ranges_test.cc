// SPDX-License-Identifier: Apache-2.0
//
// Ranges of ids and ports: what they hold, how they are written. How they are read is settings_schema_test.cc's matter.
#include "webhook/controls/base/integer_ranges.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

TEST(IntegerRangesTest, BothEndsBelongToARange) {
  const std::vector<IdRange> ranges = {{.min = 10, .max = 20}, {.min = 30, .max = 30}, {.min = 2'147'483'000}};
  for (const std::int64_t inside : {10, 15, 20, 30, 2'147'483'000, 2'147'483'647}) {
    EXPECT_TRUE(Contains(ranges, inside)) << inside;
  }
  for (const std::int64_t outside : {-1L, 0L, 9L, 21L, 29L, 31L, 2'147'483'648L}) {
    EXPECT_FALSE(Contains(ranges, outside)) << outside;
  }
  EXPECT_FALSE(Contains(std::vector<PortRange>{}, 1));
}

TEST(IntegerRangesTest, Texts) {
  EXPECT_EQ(RangesText({{.min = 1000, .max = 1999}, {.min = 65'534, .max = 65'534}}), "1000-1999, 65534");
  EXPECT_EQ(RangesText({{}}), "0-2147483647");
  EXPECT_EQ(SettingText(IdRange{.min = 1, .max = 2}), "{min: 1, max: 2}");
  EXPECT_EQ(SettingText(std::vector<PortRange>{{.min = 22, .max = 22}, {.min = 5900, .max = 5903}}),
            "[22, {min: 5900, max: 5903}]");
  EXPECT_EQ(SettingTypeName(std::vector<PortRange>{}), "list of port ranges");
}

}  // namespace
}  // namespace tidewaiter
