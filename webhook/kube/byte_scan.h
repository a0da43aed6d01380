// SPDX-License-Identifier: Apache-2.0
//
// Questions about several bytes at once, for loops over text that mostly find nothing. Tested by
// tests/kube/byte_scan_test.cc.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tidewaiter {

// The eight bytes at `bytes`, in whatever order the machine has.
inline std::uint64_t LoadEight(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// How many bytes `a` and `b` begin with alike.
inline std::size_t CountAlike(std::string_view a, std::string_view b) {
  const std::size_t size = a.size() < b.size() ? a.size() : b.size();
  std::size_t count = 0;
  while (count + 8 <= size && LoadEight(a.data() + count) == LoadEight(b.data() + count)) count += 8;
  while (count < size && a[count] == b[count]) ++count;
  return count;
}

// Sixteen bytes at once; a vector unit's register where there is one.
using Sixteen = unsigned char __attribute__((vector_size(16)));
inline Sixteen LoadSixteen(const char* bytes) {
  Sixteen block = {};
  std::memcpy(&block, bytes, sizeof block);
  return block;
}

// How many bytes at the start of `text` are plain. `special_in` marks those of a block of sixteen that are not, as
// comparisons do; `is_plain` says it of one byte.
template <typename SpecialIn, typename IsPlain>
std::size_t CountPlain(std::string_view text, SpecialIn special_in, IsPlain is_plain) {
  constexpr std::size_t kBlock = sizeof(Sixteen);
  const auto is_plain_at = [&](std::size_t place) {
    const auto words = std::bit_cast<std::array<std::uint64_t, 2>>(special_in(LoadSixteen(text.data() + place)));
    return (words[0] | words[1]) == 0;
  };
  std::size_t count = 0;
  if (text.size() >= kBlock) {
    while (count + kBlock <= text.size() && is_plain_at(count)) count += kBlock;
    // The rest is shorter than a block: the last block of the text ends with it.
    if (count + kBlock > text.size() && is_plain_at(text.size() - kBlock)) return text.size();
  }
  while (count < text.size() && is_plain(static_cast<unsigned char>(text[count]))) ++count;
  return count;
}

}  // namespace tidewaiter
