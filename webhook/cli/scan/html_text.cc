// SPDX-License-Identifier: Apache-2.0
//
// Character by character.
#include "webhook/cli/scan/html_text.h"

#include <openssl/sha.h>

#include <array>
#include <cstdint>

#include "absl/strings/escaping.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the character that `text` begins with, and what it is; 0 when that is none (RFC 3629).
std::size_t ReadCharacter(std::string_view text, std::uint32_t& character) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) {
    character = first;
    return 1;
  }
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  character = first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    character = character << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = character >= 0xD800 && character < 0xE000;
  return character < kLeast[length] || is_surrogate || character > 0x10FFFF ? 0 : length;
}

bool IsShown(std::uint32_t character) {
  if (character < 0x20) return character == '\t' || character == '\n';
  const bool is_control = character >= 0x7F && character < 0xA0;
  const bool is_direction = (character >= 0x202A && character <= 0x202E) ||
                            (character >= 0x2066 && character <= 0x2069) || character == 0x200E || character == 0x200F;
  return !is_control && !is_direction && character != 0xFEFF;
}

}  // namespace

std::string HtmlText(std::string_view text) {
  std::string html;
  html.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    std::uint32_t character = 0;
    const std::size_t length = ReadCharacter(text, character);
    if (length == 0 || !IsShown(character)) {
      html += kReplacement;
    } else if (character == '&') {
      html += "&amp;";
    } else if (character == '<') {
      html += "&lt;";
    } else if (character == '>') {
      html += "&gt;";
    } else if (character == '"') {
      html += "&quot;";
    } else {
      html += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return html;
}

std::string ContentHash(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return absl::Base64Escape({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace tidewaiter
