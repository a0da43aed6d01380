// SPDX-License-Identifier: Apache-2.0
//
// The set of a text's letters in one word, so that most texts are told apart without looking at their order. Tested
// through tests/controls/credentials_test.cc and credential_names_test.cc.
#pragma once

#include <cstdint>
#include <string_view>

namespace tidewaiter {

// The letters of a text, as bits; upper and lower case are the same. Other characters may look like letters: a text
// never seems to have fewer than it has.
constexpr std::uint32_t LettersOf(std::string_view text) {
  std::uint32_t letters = 0;
  for (const char c : text) letters |= 1u << (static_cast<unsigned char>(c) & 31u);
  return letters;
}

}  // namespace tidewaiter
