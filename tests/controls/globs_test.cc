// SPDX-License-Identifier: Apache-2.0
//
// Lists of globs, and which names they let through. What one glob fits is tests/kube/glob_test.cc's matter.
#include "webhook/controls/base/globs.h"

#include <gtest/gtest.h>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

TEST(GlobsTest, WhyNotAllowed) {
  constexpr std::string_view kDenied = "it is denied";
  constexpr std::string_view kNone = "it matches none of the allowed patterns";
  struct Row {
    std::vector<std::string> allowed, denied;
    std::string_view name, why_not;
  };
  const Row rows[] = {
      {{}, {}, "x", ""},
      {{}, {}, "", ""},
      {{"a*", "b"}, {}, "abc", ""},
      {{"a*", "b"}, {}, "b", ""},
      {{"a*", "b"}, {}, "bc", kNone},
      {{}, {"a*"}, "abc", kDenied},
      {{}, {"a*"}, "b", ""},
      {{"abc"}, {"a*"}, "abc", kDenied},
      {{"*"}, {"a*"}, "A", ""},
  };
  for (const Row& row : rows) EXPECT_EQ(WhyNotAllowed(row.allowed, row.denied, row.name), row.why_not) << row.name;
}

TEST(GlobsTest, HoldsTakesNamesAsTheyAre) {
  const std::vector<std::string> names = {"a", "b*"};
  EXPECT_TRUE(Holds(names, "b*"));
  EXPECT_FALSE(Holds(names, "bc"));
  EXPECT_FALSE(Holds(std::vector<std::string_view>(), ""));
}

TEST(GlobsTest, Checks) {
  EXPECT_TRUE(CheckGlob("*").ok());
  EXPECT_EQ(MessageOf(CheckGlob("")), "a pattern must not be empty; use * for everything");
  EXPECT_EQ(MessageOf(CheckGlob("a b")), "pattern \"a b\" must not contain white space or control characters");
}

}  // namespace
}  // namespace tidewaiter
