// SPDX-License-Identifier: Apache-2.0
//
// Literals are looked at, other texts kept; copies stand on their own.
#include "webhook/controls/base/phrase.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

constexpr char kLiteral[] = "a literal that is longer than any small string";

TEST(PhraseTest, LooksAtALiteral) {
  const Phrase phrase = kLiteral;
  EXPECT_EQ(static_cast<const void*>(phrase.text().data()), static_cast<const void*>(&kLiteral[0]));
}

TEST(PhraseTest, KeepsAnyOtherText) {
  Phrase copy;
  EXPECT_TRUE(copy.empty());
  {
    const Phrase phrase = std::string("made at run time, and longer than any small string");
    copy = phrase;
  }
  EXPECT_EQ(copy.text(), "made at run time, and longer than any small string");
  Phrase moved = std::move(copy);
  EXPECT_EQ(moved.text(), "made at run time, and longer than any small string");
  moved = "short";
  EXPECT_EQ(moved.text(), "short");
}

}  // namespace
}  // namespace tidewaiter
