// SPDX-License-Identifier: Apache-2.0
//
// Ways to find rules, the choice among them, and what is found.
#include "webhook/policy/rule_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/testing/dice.h"
#include "webhook/controls/base/globs.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Globs = std::vector<std::string>;
using Numbers = std::vector<std::size_t>;

constexpr std::size_t kField = 0;

RuleIndex IndexOfGlobs(const std::vector<Globs>& rules) {
  std::vector<std::vector<RuleWay>> ways(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) AddGlobWays(kField, rules[i], ways[i]);
  return RuleIndex(ways);
}

// By the text, without those that are always found.
Numbers FindByText(const RuleIndex& index, std::string_view text) {
  Numbers found;
  index.FindByText(kField, text, found);
  SortOnce(found);
  return found;
}

Numbers AllOf(const RuleIndex& index, Numbers found) {
  Numbers all;
  index.ForEach(found, [&](std::size_t number) { all.push_back(number); });
  return all;
}

TEST(RuleIndexTest, AGlobIsFoundByItsText) {
  const struct {
    const char* glob;
    std::vector<std::string> finds;
    std::vector<std::string> finds_not;
  } rows[] = {
      {"ab", {"ab"}, {"", "a", "abc", "xab", "AB"}},
      {"ab*", {"ab", "abc", "abab"}, {"", "a", "Ab", "xab", "b"}},
      {"ab?", {"abc", "ab\xC3\xA9"}, {"a", "bc"}},
      {"a*b", {"ab", "axb", "a"}, {"", "b", "xb"}},  // "a" is found, and asked
      {"*ab", {"ab", "xab", "abab"}, {"", "b", "abx", "ba"}},
      {"?ab",
       {"xab",
        "\xC3\xA9"
        "ab"},
       {"", "b", "abx"}},
      {"a", {"a"}, {"", "b", "aa"}},
      {"a*", {"a", "aa", "ab"}, {"", "b", "ba"}},
      {"*a", {"a", "aa", "ba"}, {"", "b", "ab"}},
      {"*x*ab", {"xab", "ab"}, {"", "x", "xa"}},
      {"", {""}, {"a"}},
      {"\xC3\xA9*", {"\xC3\xA9", "\xC3\xA9x"}, {"", "\xC3", "e"}},
  };
  for (const auto& row : rows) {
    const RuleIndex index = IndexOfGlobs({{row.glob}});
    for (const std::string& text : row.finds) {
      EXPECT_THAT(FindByText(index, text), ElementsAre(0)) << row.glob << " " << text;
    }
    for (const std::string& text : row.finds_not) {
      EXPECT_THAT(FindByText(index, text), IsEmpty()) << row.glob << " " << text;
    }
    EXPECT_THAT(AllOf(index, {}), IsEmpty()) << row.glob;
  }
}

TEST(RuleIndexTest, WhatHasNoTextAtEitherEndIsAlwaysFound) {
  for (const Globs& globs : std::vector<Globs>{{}, {"*"}, {"?"}, {"*a*"}, {"?a?"}, {"a", "*"}, {"b*", "*a?"}}) {
    const RuleIndex index = IndexOfGlobs({globs});
    EXPECT_THAT(AllOf(index, {}), ElementsAre(0));
    EXPECT_THAT(FindByText(index, "a"), IsEmpty());
    EXPECT_FALSE(index.has(kField));
  }
}

// Heads of one another, and heads of others that lie between them in order.
TEST(RuleIndexTest, EveryHeadOfATextIsFound) {
  const RuleIndex index =
      IndexOfGlobs({{"a*"}, {"ab*"}, {"ab!*"}, {"abcd*"}, {"abd*"}, {"abc*"}, {"abcdef*"}, {"b*"}, {"abc"}});
  EXPECT_THAT(FindByText(index, "abcdz"), ElementsAre(0, 1, 3, 5));
  EXPECT_THAT(FindByText(index, "abcdef"), ElementsAre(0, 1, 3, 5, 6));
  EXPECT_THAT(FindByText(index, "abc"), ElementsAre(0, 1, 5, 8));
  EXPECT_THAT(FindByText(index, "ab!"), ElementsAre(0, 1, 2));
  EXPECT_THAT(FindByText(index, "ab"), ElementsAre(0, 1));
  EXPECT_THAT(FindByText(index, "zz"), IsEmpty());
  EXPECT_THAT(FindByText(index, ""), IsEmpty());
}

TEST(RuleIndexTest, EachIsFoundOnceInRisingOrder) {
  const RuleIndex index = IndexOfGlobs({{"a", "a*", "*a", "a"}, {}, {"ab*"}, {"*"}, {"a"}});
  Numbers found;
  index.FindByText(kField, "a", found);
  index.FindByText(kField, "ab", found);
  EXPECT_THAT(AllOf(index, found), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(AllOf(index, {}), ElementsAre(1, 3));
  EXPECT_THAT(index.RulesOf(kField), ElementsAre(0, 2, 4));
  EXPECT_THAT(index.RulesOf(7), IsEmpty());
}

TEST(RuleIndexTest, LabelsAreFoundByKeyAndValueOrByKey) {
  std::vector<std::vector<RuleWay>> ways(6);
  const auto add = [&](std::size_t number, std::vector<LabelRequirement> requirements) {
    AddLabelWays(kField, {.requirements = std::move(requirements)}, ways[number]);
  };
  add(0, {{.key = "team", .op = LabelOperator::kIn, .values = {"a", "b", "a"}}});
  add(1, {{.key = "team", .op = LabelOperator::kExists, .values = {}}});
  add(2, {{.key = "team", .op = LabelOperator::kNotIn, .values = {"a"}}});
  add(3, {{.key = "team", .op = LabelOperator::kDoesNotExist, .values = {}}});
  add(4, {});
  add(5, {{.key = "team", .op = LabelOperator::kDoesNotExist, .values = {}},
          {.key = "env", .op = LabelOperator::kIn, .values = {""}}});
  const RuleIndex index(ways);
  const auto find = [&](const Labels& labels) {
    Numbers found;
    index.FindByLabels(kField, labels, found);
    return AllOf(index, found);
  };
  EXPECT_THAT(find({}), ElementsAre(2, 3, 4));
  EXPECT_THAT(find({{"team", "a"}}), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(find({{"team", "c"}}), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(find({{"env", ""}}), ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(find({{"env", "x"}}), ElementsAre(2, 3, 4));
  // More labels than keys are asked for by looking for the keys.
  EXPECT_THAT(find({{"a", ""}, {"b", ""}, {"env", ""}, {"team", "b"}, {"z", ""}}), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(find({{"a", ""}, {"b", ""}, {"c", ""}, {"team-b", "b"}, {"z", ""}}), ElementsAre(2, 3, 4));
}

// Each rule is found by what sets it apart: a key that many share finds as many.
TEST(RuleIndexTest, AmongTheWaysTheLeastSharedIsTaken) {
  std::vector<std::vector<RuleWay>> ways(50);
  for (std::size_t i = 0; i < ways.size(); ++i) {
    AddGlobWays(kField, {"shared"}, ways[i]);
    AddGlobWays(kField, {StrCat("shared-*-", i)}, ways[i]);
    AddGlobWays(1, {"*"}, ways[i]);
  }
  const RuleIndex index(ways);
  EXPECT_THAT(FindByText(index, "shared"), IsEmpty());
  EXPECT_THAT(FindByText(index, "shared-x-7"), ElementsAre(7));
  EXPECT_FALSE(index.has(1));
  // Few are worth no look into another field.
  const RuleIndex few(std::vector<std::vector<RuleWay>>(ways.begin(), ways.begin() + 5));
  EXPECT_THAT(FindByText(few, "shared"), SizeIs(5));
}

// Whatever fits is found.
TEST(RuleIndexTest, NothingThatFitsIsMissed) {
  Dice dice(20261130);
  const auto text_of = [&](std::string_view letters, std::size_t most) {
    std::string text;
    for (std::size_t size = dice.Below(most + 1); text.size() < size;) text += letters[dice.Below(letters.size())];
    return text;
  };
  std::size_t fitting = 0, found_by_text = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<Globs> rules(1 + dice.Below(40));
    for (Globs& globs : rules) {
      for (std::size_t count = dice.Below(4); count > 0; --count) globs.push_back(text_of("aaabb*?", 6));
    }
    const RuleIndex index = IndexOfGlobs(rules);
    for (int i = 0; i < 30; ++i) {
      const std::string text = text_of("aab", 7);
      const Numbers found = FindByText(index, text);
      const Numbers all = AllOf(index, found);
      found_by_text += found.size();
      for (std::size_t number = 0; number < rules.size(); ++number) {
        if (!rules[number].empty() && !MatchesAny(rules[number], text)) continue;
        ++fitting;
        EXPECT_TRUE(std::binary_search(all.begin(), all.end(), number))
            << ::testing::PrintToString(rules[number]) << " " << text;
      }
    }
  }
  EXPECT_GT(fitting, 10'000u);
  EXPECT_GT(found_by_text, 10'000u);
}

}  // namespace
}  // namespace tidewaiter
