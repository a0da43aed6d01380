// SPDX-License-Identifier: Apache-2.0
//
// Glob matching with one point of return: when the text after a '*' does not fit, only the last '*' has to take more,
// because an earlier one taking more could not help it. So the work is never exponential.
#include "webhook/kube/glob.h"

#include <algorithm>

#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// The position after the character at `position`: the bytes 10xxxxxx continue a UTF-8 character (RFC 3629, section 3).
std::size_t SkipCharacter(std::string_view text, std::size_t position) {
  ++position;
  while (position < text.size() && (static_cast<unsigned char>(text[position]) & 0xC0u) == 0x80u) ++position;
  return position;
}

}  // namespace

bool GlobMatches(std::string_view pattern, std::string_view text) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0, t = 0;
  std::size_t after_star = kNone;  // where the pattern goes on after its last '*'
  std::size_t star_end = 0;        // where the text taken by that '*' ends
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_end = t;
      if (p == pattern.size()) return true;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t = SkipCharacter(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (after_star != kNone) {
      p = after_star;
      t = ++star_end;  // in the midst of a character nothing new can fit
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == kNone;
}

absl::Status ValidateGlob(std::string_view pattern) {
  if (pattern.empty()) return InvalidArgument("a pattern must not be empty; use * for everything");
  const bool is_blank = std::any_of(pattern.begin(), pattern.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;  // ASCII controls, space and delete
  });
  if (is_blank) {
    return InvalidArgument(StrCat("pattern ", Quoted(pattern), " must not contain white space or control characters"));
  }
  return absl::OkStatus();
}

}  // namespace tidewaiter
