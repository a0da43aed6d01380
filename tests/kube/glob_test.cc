// SPDX-License-Identifier: Apache-2.0
#include "webhook/kube/glob.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace tidewaiter {
namespace {

TEST(GlobTest, MatchesTheWholeText) {
  const struct {
    std::string_view pattern;
    std::string_view text;
    bool matches;
  } kCases[] = {
      {"", "", true},
      {"", "a", false},
      {"a", "", false},
      {"a", "a", true},
      {"a", "A", false},
      {"a", "aa", false},
      {"*", "", true},
      {"*", "a/b.c", true},
      {"**", "", true},
      {"**", "a", true},
      {"?", "", false},
      {"?", "a", true},
      {"?", "/", true},
      {"?", "ab", false},
      {"*?", "", false},
      {"*?", "a", true},
      {"?*", "ab", true},
      {"*?*?*", "a", false},
      {"*?*?*", "ab", true},
      {"kube-*", "kube-system", true},
      {"kube-*", "kube-", true},
      {"kube-*", "kube", false},
      {"kube-*", "my-kube-system", false},
      {"*-system", "kube-system", true},
      {"*-system", "kube-system-2", false},
      {"*system*", "kube-systems", true},
      {"a*b*c", "abc", true},
      {"a*b*c", "aXbYc", true},
      {"a*b*c", "aXbYcZ", false},
      {"a*b*c", "acb", false},
      {"*ab", "aab", true},
      {"*aab", "aaaab", true},
      {"a*a", "a", false},
      {"registry.example.com/*", "registry.example.com/team/app:1", true},
      {"registry.example.com/*", "registry.example.com.evil.example/app", false},
      {"registry.example.com/*", "registryXexample.com/app", false},
      {"docker.io/*/nginx", "docker.io/library/nginx", true},
      {"[a-z]", "b", false},
      {"[a-z]", "[a-z]", true},
      {"\\*", "*", false},
      {"\\*", "\\x", true},
      {"?", "\xC3\xA9", true},  // one character of two bytes
      {"??", "\xC3\xA9", false},
      {"*??", "\xC3\xA9", false},
      {"*?", "\xE2\x82\xAC", true},  // one character of three bytes
      {"x?y", "x\xE2\x82\xACy", true},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(GlobMatches(test.pattern, test.text), test.matches) << test.pattern << " on " << test.text;
  }
}

TEST(GlobTest, NeverBacktracksExponentially) {
  std::string pattern, text(100'000, 'a');
  for (int i = 0; i < 30; ++i) pattern += "a*";
  EXPECT_FALSE(GlobMatches(pattern + "b", text));
  EXPECT_TRUE(GlobMatches(pattern + "b", text + "b"));
  EXPECT_TRUE(GlobMatches(pattern, text));
  EXPECT_FALSE(GlobMatches("a*a*a*a*b", text));
  EXPECT_FALSE(GlobMatches(std::string(1'000, '?') + std::string(1'000, '*') + "b", text));
}

// The definition itself, too slow for use.
bool MatchesByDefinition(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return MatchesByDefinition(pattern.substr(1), text) ||
           (!text.empty() && MatchesByDefinition(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         MatchesByDefinition(pattern.substr(1), text.substr(1));
}

// The number in base alphabet.size(), one letter a digit.
std::string Spell(std::uint32_t number, std::size_t size, std::string_view alphabet) {
  std::string word;
  for (; word.size() < size; number /= static_cast<std::uint32_t>(alphabet.size()))
    word += alphabet[number % alphabet.size()];
  return word;
}

TEST(GlobTest, AgreesWithTheDefinitionOnAllShortInputs) {
  int matches = 0;
  for (std::size_t pattern_size = 0; pattern_size <= 5; ++pattern_size) {
    for (std::uint32_t p = 0; p < 1u << (2 * pattern_size); ++p) {
      const std::string pattern = Spell(p, pattern_size, "ab?*");
      for (std::size_t text_size = 0; text_size <= 5; ++text_size) {
        for (std::uint32_t t = 0; t < 1u << text_size; ++t) {
          const std::string text = Spell(t, text_size, "ab");
          const bool expected = MatchesByDefinition(pattern, text);
          ASSERT_EQ(GlobMatches(pattern, text), expected) << pattern << " on " << text;
          matches += expected;
        }
      }
    }
  }
  EXPECT_GT(matches, 1'000);
}

TEST(GlobTest, RefusesPatternsThatCannotBeMeant) {
  for (std::string_view pattern : {"*", "a", "kube-*", "a?b/c.d:e@f", "\xC3\xA9"}) {
    EXPECT_TRUE(ValidateGlob(pattern).ok()) << pattern;
  }
  for (std::string_view pattern : {"", " ", " a", "a ", "a b", "a\tb", "a\n", "\x7F", "\x01"}) {
    EXPECT_EQ(ValidateGlob(pattern).code(), absl::StatusCode::kInvalidArgument) << pattern;
  }
  EXPECT_FALSE(ValidateGlob(std::string_view("a\0b", 3)).ok());
}

}  // namespace
}  // namespace tidewaiter
