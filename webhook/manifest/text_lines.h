// SPDX-License-Identifier: Apache-2.0
//
// Where the lines of a text begin and end, so that a place of a node becomes an offset in bytes. The text is only
// looked at. Tested by tests/manifest/manifest_editor_test.cc.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "webhook/manifest/manifest_document.h"

namespace tidewaiter {

class TextLines {
 public:
  // `text` must outlive it. Lines end with LF or CRLF.
  explicit TextLines(std::string_view text);

  std::string_view text() const { return text_; }
  std::uint32_t count() const { return static_cast<std::uint32_t>(begins_.size()); }

  // Lines count from 1; behind the last one everything is at the end of the text.
  std::size_t BeginOf(std::uint32_t line) const { return line <= begins_.size() ? begins_[line - 1] : text_.size(); }
  // Behind its line break.
  std::size_t EndOf(std::uint32_t line) const { return BeginOf(line + 1); }
  // Without its line break.
  std::string_view Line(std::uint32_t line) const;
  // How many blanks it begins with.
  std::size_t IndentOf(std::uint32_t line) const;
  bool IsBlank(std::uint32_t line) const;
  // Of that line, or, where it has none, of the first one: "\n" or "\r\n".
  std::string_view BreakOf(std::uint32_t line) const;

  std::size_t OffsetOf(SourceMark mark) const;

  // YAML 1.1 ends lines at other characters, too (a lone CR, NEL, LS, PS): then lines are not what they are here.
  bool HasOtherBreaks() const;

 private:
  std::string_view text_;
  std::vector<std::size_t> begins_;
};

}  // namespace tidewaiter
