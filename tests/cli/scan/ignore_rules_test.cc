// SPDX-License-Identifier: Apache-2.0
//
// Patterns of gitignore(5), each with paths that it fits and that it does not.
#include "webhook/cli/scan/ignore_rules.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

TEST(IgnoreRulesTest, Patterns) {
  struct Case {
    std::string_view lines;
    std::string_view path;
    bool is_folder;
    bool is_ignored;
  };
  const Case cases[] = {
      {"a.yaml", "a.yaml", false, true},
      {"a.yaml", "x/y/a.yaml", false, true},
      {"a.yaml", "xa.yaml", false, false},
      {"*.json", "x/a.json", false, true},
      {"*.json", "x/a.json.yaml", false, false},
      {"/a.yaml", "a.yaml", false, true},
      {"/a.yaml", "x/a.yaml", false, false},
      {"x/a.yaml", "x/a.yaml", false, true},
      {"x/a.yaml", "y/x/a.yaml", false, false},
      {"charts/", "charts", true, true},
      {"charts/", "charts", false, false},
      {"charts/", "x/charts", true, true},
      {"**/charts/*.yaml", "charts/a.yaml", false, true},
      {"**/charts/*.yaml", "x/y/charts/a.yaml", false, true},
      {"a/**/b", "a/b", true, true},
      {"a/**/b", "a/x/y/b", true, true},
      {"a/**", "a/x/y", false, true},
      {"a/**", "a", true, false},
      {"a?c", "abc", false, true},
      {"a?c", "a/c", false, false},
      {"a[0-9]", "a7", false, true},
      {"a*c", "a/c", false, false},
      {"# a", "# a", false, false},
      {"\\#a", "#a", false, true},
      {"a  \r", "a", false, true},
      {"*.yaml\n!keep.yaml", "keep.yaml", false, false},
      {"*.yaml\n!keep.yaml", "other.yaml", false, true},
      {"!keep.yaml\n*.yaml", "keep.yaml", false, true},
      {"", "a", false, false},
  };
  for (const Case& test : cases) {
    IgnoreRules rules;
    rules.Add("", test.lines);
    EXPECT_EQ(rules.Matches(test.path, test.is_folder), test.is_ignored) << test.lines << " on " << test.path;
  }
}

TEST(IgnoreRulesTest, RulesOfAFolderHoldBelowIt) {
  IgnoreRules rules;
  rules.Add("", "*.json");
  const std::size_t count = rules.count();
  rules.Add("a/b", "/c.yaml\n!d.json");
  EXPECT_TRUE(rules.Matches("a/b/c.yaml", false));
  EXPECT_FALSE(rules.Matches("a/c.yaml", false));
  EXPECT_FALSE(rules.Matches("a/bc.yaml", false));
  EXPECT_FALSE(rules.Matches("a/b/d.json", false));
  EXPECT_TRUE(rules.Matches("d.json", false));
  rules.Truncate(count);
  EXPECT_TRUE(rules.Matches("a/b/d.json", false));
  EXPECT_FALSE(rules.Matches("a/b/c.yaml", false));
}

TEST(IgnoreRulesTest, ManyStarsTakeNoTime) {
  std::string pattern;
  std::string path;
  for (int i = 0; i < 200; ++i) {
    pattern += "**/a/";
    path += "a/";
  }
  IgnoreRules rules;
  rules.Add("", pattern + "x");
  EXPECT_FALSE(rules.Matches(path + "y", false));
}

}  // namespace
}  // namespace tidewaiter
