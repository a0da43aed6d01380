// SPDX-License-Identifier: Apache-2.0
//
// Looks first whether there is anything to do: mostly there is not.
#include "webhook/engine/message_limits.h"

#include <utility>

#include "webhook/kube/byte_scan.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

std::string WithoutControlCharacters(std::string text) {
  // 0xC2 begins the C1 characters.
  const std::size_t plain = CountPlain(
      text, [](Sixteen bytes) { return (bytes < 0x20) | (bytes == 0x7F) | (bytes == 0xC2); },
      [](unsigned char byte) { return byte >= 0x20 && byte != 0x7F && byte != 0xC2; });
  if (plain == text.size()) return text;
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool is_c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (is_c1) ++i;
    clean.push_back(c < 0x20 || c == 0x7F || is_c1 ? ' ' : text[i]);
  }
  return clean;
}

std::string Shorten(std::string text, std::size_t max_bytes) {
  constexpr std::string_view kEllipsis = "...";
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes - kEllipsis.size();
  // UTF-8 continuation bytes are 10xxxxxx.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return StrCat(text, kEllipsis);
}

}  // namespace tidewaiter
