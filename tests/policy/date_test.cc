// SPDX-License-Identifier: Apache-2.0
//
// Days as policies write them.
#include "webhook/policy/date.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

TEST(DateTest, Parses) {
  EXPECT_EQ(ParseDate("2027-01-31"), Date(2027, 1, 31));
  EXPECT_EQ(ParseDate("2028-02-29"), Date(2028, 2, 29));
  for (const char* text : {"", "2027-1-31", "2027-02-30", "2027-00-10", "2027-13-01", "2027/01/31", "2027-01-31 ",
                           "2027-01-31T00:00:00Z", "27-01-31", "2027-02-29", "+027-01-01", "2027-01-3a"}) {
    EXPECT_FALSE(ParseDate(text).has_value()) << text;
  }
}

TEST(DateTest, OfATime) {
  EXPECT_EQ(DateOf(0), Date(1970, 1, 1));
  EXPECT_EQ(DateOf(86'399), Date(1970, 1, 1));
  EXPECT_EQ(DateOf(86'400), Date(1970, 1, 2));
  EXPECT_EQ(DateOf(-1), Date(1969, 12, 31));
  EXPECT_EQ(DateOf(1'795'478'400), Date(2026, 11, 24));
}

}  // namespace
}  // namespace tidewaiter
