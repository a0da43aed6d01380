// SPDX-License-Identifier: Apache-2.0
//
// An index of line beginnings.
#include "webhook/manifest/text_lines.h"

#include <algorithm>

namespace tidewaiter {

TextLines::TextLines(std::string_view text) : text_(text), begins_{0} {
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1)) {
    begins_.push_back(end + 1);
  }
}

std::string_view TextLines::Line(std::uint32_t line) const {
  std::string_view text = text_.substr(BeginOf(line), EndOf(line) - BeginOf(line));
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::size_t TextLines::IndentOf(std::uint32_t line) const {
  const std::string_view text = Line(line);
  return std::min(text.find_first_not_of(' '), text.size());
}

bool TextLines::IsBlank(std::uint32_t line) const {
  return Line(line).find_first_not_of(" \t") == std::string_view::npos;
}

std::string_view TextLines::BreakOf(std::uint32_t line) const {
  std::size_t end = EndOf(line);
  if (end == 0 || text_[end - 1] != '\n') end = EndOf(1);
  return end >= 2 && text_.substr(end - 2, 2) == "\r\n" ? "\r\n" : "\n";
}

std::size_t TextLines::OffsetOf(SourceMark mark) const {
  std::size_t offset = BeginOf(mark.line);
  for (std::uint32_t column = 1; column < mark.column && offset < text_.size(); ++column) {
    do ++offset;
    while (offset < text_.size() && (static_cast<unsigned char>(text_[offset]) & 0xC0) == 0x80);
  }
  return offset;
}

bool TextLines::HasOtherBreaks() const {
  for (std::size_t at = text_.find('\r'); at != std::string_view::npos; at = text_.find('\r', at + 1)) {
    if (text_.substr(at, 2) != "\r\n") return true;
  }
  return text_.find("\xC2\x85") != std::string_view::npos || text_.find("\xE2\x80\xA8") != std::string_view::npos ||
         text_.find("\xE2\x80\xA9") != std::string_view::npos;
}

}  // namespace tidewaiter
