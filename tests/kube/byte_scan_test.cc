// SPDX-License-Identifier: Apache-2.0
//
// Texts of every size around the blocks' own, with one other byte in every place.
#include "webhook/kube/byte_scan.h"

#include <gtest/gtest.h>

#include <string>

namespace tidewaiter {
namespace {

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
        text, [](Sixteen bytes) { return (bytes < 0x20) | (bytes == '"'); },
        [](unsigned char byte) { return byte >= 0x20 && byte != '"'; });
  };
  for (std::size_t size = 0; size < 70; ++size) {
    std::string text(size, 'x');
    EXPECT_EQ(count(text), size);
    for (std::size_t place = 0; place < size; ++place) {
      text[place] = '"';
      EXPECT_EQ(count(text), place) << size;
      text[place] = 'x';
    }
  }
}

TEST(ByteScan, ComparesEachByteValueAsUnsigned) {
  for (int value = 0; value < 256; ++value) {
    for (std::size_t place = 0; place < 16; ++place) {
      std::string text(16, 'a');
      text[place] = static_cast<char>(value);
      const auto is_special = [](int byte) { return byte < 0x20 || byte >= 0xE0 || byte == 0x7F; };
      const std::size_t count = CountPlain(
          text, [](Sixteen bytes) { return (bytes < 0x20) | (bytes >= 0xE0) | (bytes == 0x7F); },
          [&](unsigned char byte) { return !is_special(byte); });
      EXPECT_EQ(count, is_special(value) ? place : 16) << value;
    }
  }
}

}  // namespace
}  // namespace tidewaiter
