// SPDX-License-Identifier: Apache-2.0
//
// Questions about eight bytes at once, for loops over text that mostly find nothing. Tested by
// tests/kube/byte_scan_test.cc.
#pragma once

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

// `byte` in each of eight places.
constexpr std::uint64_t Eight(unsigned char byte) { return 0x0101010101010101u * byte; }

// Whether any of the eight bytes is below `limit`, which is at most 128; equal to `byte`; beyond ASCII.
constexpr bool AnyBelow(std::uint64_t word, unsigned char limit) {
  return ((word - Eight(limit)) & ~word & Eight(0x80)) != 0;
}
constexpr bool AnyIs(std::uint64_t word, unsigned char byte) { return AnyBelow(word ^ Eight(byte), 1); }
constexpr bool AnyBeyondAscii(std::uint64_t word) { return (word & Eight(0x80)) != 0; }

// How many bytes `a` and `b` begin with alike.
inline std::size_t CountAlike(std::string_view a, std::string_view b) {
  const std::size_t size = a.size() < b.size() ? a.size() : b.size();
  std::size_t count = 0;
  while (count + 8 <= size && LoadEight(a.data() + count) == LoadEight(b.data() + count)) count += 8;
  while (count < size && a[count] == b[count]) ++count;
  return count;
}

// How many bytes at the start of `text` are plain: `is_plain` says it of one byte, `are_plain` of eight, where it may
// say false of eight plain ones.
template <typename ArePlain, typename IsPlain>
std::size_t CountPlain(std::string_view text, ArePlain are_plain, IsPlain is_plain) {
  std::size_t count = 0;
  while (count + 8 <= text.size() && are_plain(LoadEight(text.data() + count))) count += 8;
  while (count < text.size() && is_plain(static_cast<unsigned char>(text[count]))) ++count;
  return count;
}

}  // namespace tidewaiter
