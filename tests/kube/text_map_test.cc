// SPDX-License-Identifier: Apache-2.0
//
// Order, look-ups, and keys that come twice.
#include "webhook/kube/text_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace tidewaiter {
namespace {

using Numbers = TextMap<int>;

TEST(TextMap, IsInOrderOfItsKeys) {
  Numbers numbers = {{"b", 2}, {"a", 1}, {"d", 4}};
  numbers.Set("c", 3);
  numbers.Set("a", 10);
  std::string text;
  for (const auto& [key, value] : numbers) text += std::string(key) + std::to_string(value) + " ";
  EXPECT_EQ(text, "a10 b2 c3 d4 ");
  EXPECT_EQ(numbers.size(), 4u);
}

TEST(TextMap, FindsWhatIsThere) {
  const Numbers numbers = {{"b", 2}, {"", 0}, {"ab", 1}};
  EXPECT_EQ(numbers.find("ab")->second, 1);
  EXPECT_EQ(numbers.find("")->second, 0);
  EXPECT_TRUE(numbers.contains("b"));
  for (const char* key : {"a", "abc", "c"}) EXPECT_EQ(numbers.find(key), numbers.end()) << key;
  EXPECT_EQ(Numbers().find("a"), Numbers().end());
  EXPECT_TRUE(Numbers().empty());
}

TEST(TextMap, TakesEntriesInAnyOrder) {
  for (std::vector<Numbers::Entry> entries :
       {std::vector<Numbers::Entry>{}, {{"a", 1}, {"b", 2}}, {{"c", 3}, {"", 0}, {"b", 2}, {"ab", 1}}}) {
    Numbers numbers = {{"before", 1}};
    std::size_t repeated = 0;
    const std::size_t size = entries.size();
    const std::vector<Numbers::Entry> given = entries;
    ASSERT_TRUE(numbers.Assign(entries, repeated));
    EXPECT_EQ(numbers.size(), size);
    for (const auto& [key, value] : given) EXPECT_EQ(numbers.find(key)->second, value) << key;
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  }
}

TEST(TextMap, TellsTheFirstKeyThatComesAgain) {
  for (std::vector<Numbers::Entry> entries : {std::vector<Numbers::Entry>{{"b", 1}, {"a", 2}, {"b", 3}, {"a", 4}},
                                              {{"c", 1}, {"a", 2}, {"a", 3}, {"c", 4}, {"a", 5}},
                                              {{"a", 1}, {"b", 2}, {"b", 3}, {"c", 4}}}) {
    Numbers numbers = {{"before", 1}};
    std::size_t repeated = 0;
    const std::vector<Numbers::Entry> given = entries;
    EXPECT_FALSE(numbers.Assign(entries, repeated));
    EXPECT_EQ(repeated, 2u);
    EXPECT_EQ(entries, given);
    EXPECT_EQ(numbers.find("before")->second, 1);
  }
}

}  // namespace
}  // namespace tidewaiter
