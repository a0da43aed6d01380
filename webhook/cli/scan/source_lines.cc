// SPDX-License-Identifier: Apache-2.0
//
// Forwards by find, backwards by rfind.
#include "webhook/cli/scan/source_lines.h"

#include <algorithm>

namespace tidewaiter {

std::string SourceLines::Line(std::uint32_t number) {
  constexpr std::size_t kMostBytes = 400;
  if (number == 0) return {};
  for (; number_ < number; ++number_) {
    const std::size_t end = text_.find('\n', offset_);
    if (end == std::string_view::npos) return {};
    offset_ = end + 1;
  }
  for (; number_ > number; --number_) {
    const std::size_t before = offset_ < 2 ? std::string_view::npos : text_.rfind('\n', offset_ - 2);
    offset_ = before == std::string_view::npos ? 0 : before + 1;
  }
  std::string line(text_.substr(offset_, std::min(text_.find('\n', offset_) - offset_, kMostBytes)));
  if (line.ends_with('\r')) line.pop_back();
  // Not in the middle of a character.
  while (line.size() >= kMostBytes - 3 && (static_cast<unsigned char>(line.back()) & 0x80) != 0) line.pop_back();
  for (char& c : line) {
    if (c == '\t') c = ' ';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return line;
}

}  // namespace tidewaiter
