// SPDX-License-Identifier: Apache-2.0
//
// Lines forwards, backwards, and of odd texts.
#include "webhook/cli/scan/source_lines.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

TEST(SourceLinesTest, InAnyOrder) {
  SourceLines lines("one\r\ntwo\n\nfour");
  EXPECT_EQ(lines.Line(1), "one");
  EXPECT_EQ(lines.Line(4), "four");
  EXPECT_EQ(lines.Line(3), "");
  EXPECT_EQ(lines.Line(2), "two");
  EXPECT_EQ(lines.Line(2), "two");
  EXPECT_EQ(lines.Line(1), "one");
  EXPECT_EQ(lines.Line(5), "");
  EXPECT_EQ(lines.Line(1), "one");
  EXPECT_EQ(lines.Line(0), "");
}

TEST(SourceLinesTest, AreFitForATerminal) {
  EXPECT_EQ(SourceLines("a\tb\x1b[31m\x7f").Line(1), "a b?[31m?");
  std::string long_line;
  for (int i = 0; i < 500; ++i) long_line += "é";
  const std::string line = SourceLines(long_line).Line(1);
  EXPECT_LE(line.size(), 400u);
  EXPECT_GE(line.size(), 390u);
  EXPECT_EQ(line.size() % 2, 0u);
}

}  // namespace
}  // namespace tidewaiter
