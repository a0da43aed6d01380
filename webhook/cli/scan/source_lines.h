// SPDX-License-Identifier: Apache-2.0
//
// The lines of a text by their number, asked for mostly in rising order: each is looked for from the one before, so
// that no index of all lines is made. Tested by tests/cli/scan/source_lines_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidewaiter {

class SourceLines {
 public:
  // `text` must outlive it.
  explicit SourceLines(std::string_view text) : text_(text) {}

  // The line of that number, counted from 1, without its end and fit for a terminal: tabs are blanks, other control
  // characters are `?`. At most 400 bytes of it. "" when there is none.
  std::string Line(std::uint32_t number);

 private:
  const std::string_view text_;
  std::uint32_t number_ = 1;  // of the line at offset_
  std::size_t offset_ = 0;
};

}  // namespace tidewaiter
