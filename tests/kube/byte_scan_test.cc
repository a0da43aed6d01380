// SPDX-License-Identifier: Apache-2.0
//
// Every byte value in every place of the eight.
#include "webhook/kube/byte_scan.h"

#include <gtest/gtest.h>

#include <string>

namespace tidewaiter {
namespace {

TEST(ByteScan, FindsEachByteInEachPlace) {
  for (int value = 0; value < 256; ++value) {
    for (std::size_t place = 0; place < 8; ++place) {
      std::string text(8, 'a');
      text[place] = static_cast<char>(value);
      const std::uint64_t word = LoadEight(text.data());
      EXPECT_EQ(AnyBelow(word, 0x20), value < 0x20) << value << " at " << place;
      EXPECT_EQ(AnyIs(word, '"'), value == '"') << value << " at " << place;
      EXPECT_EQ(AnyIs(word, 0xC2), value == 0xC2) << value << " at " << place;
      EXPECT_EQ(AnyBeyondAscii(word), value >= 0x80) << value << " at " << place;
    }
  }
}

TEST(ByteScan, CountsWhatTwoTextsBeginWith) {
  EXPECT_EQ(CountAlike("", "a"), 0u);
  for (std::size_t size = 1; size < 40; ++size) {
    const std::string text(size, 'x');
    EXPECT_EQ(CountAlike(text, text + "y"), size);
    for (std::size_t place = 0; place < size; ++place) {
      std::string other = text;
      other[place] = 'y';
      EXPECT_EQ(CountAlike(text, other), place) << size;
    }
  }
}

TEST(ByteScan, CountsPlainBytesUpToTheFirstOther) {
  const auto count = [](std::string_view text) {
    return CountPlain(
        text, [](std::uint64_t eight) { return !AnyIs(eight, '"'); }, [](unsigned char byte) { return byte != '"'; });
  };
  for (std::size_t size = 0; size < 40; ++size) {
    std::string text(size, 'x');
    EXPECT_EQ(count(text), size);
    for (std::size_t place = 0; place < size; ++place) {
      text[place] = '"';
      EXPECT_EQ(count(text), place) << size;
      text[place] = 'x';
    }
  }
}

}  // namespace
}  // namespace tidewaiter
