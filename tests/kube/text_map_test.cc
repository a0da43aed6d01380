// SPDX-License-Identifier: Apache-2.0
//
// Order, look-ups, and keys that come twice.
#include "webhook/kube/text_map.h"

#include <gtest/gtest.h>

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

TEST(TextMap, TellsTheFirstKeyThatComesAgain) {
  using Entries = std::vector<Numbers::Entry>;
  EXPECT_EQ(Numbers::FindRepeated(Entries{}), std::nullopt);
  EXPECT_EQ(Numbers::FindRepeated(Entries{{"b", 1}, {"a", 2}}), std::nullopt);
  EXPECT_EQ(Numbers::FindRepeated(Entries{{"b", 1}, {"a", 2}, {"b", 3}, {"a", 4}}), 2u);
  EXPECT_EQ(Numbers::FindRepeated(Entries{{"c", 1}, {"a", 2}, {"a", 3}, {"c", 4}, {"a", 5}}), 2u);
}

}  // namespace
}  // namespace tidewaiter
