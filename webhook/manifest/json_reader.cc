// SPDX-License-Identifier: Apache-2.0
//
// A stack instead of recursion: depth is the builder's to bound.
#include "webhook/manifest/json_reader.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include "webhook/kube/characters.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

void AppendUtf8(std::uint32_t code, std::string& text) {
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0 | (code >> 6));
  } else if (code < 0x10000) {
    add(0xE0 | (code >> 12));
    add(0x80 | ((code >> 6) & 0x3F));
  } else {
    add(0xF0 | (code >> 18));
    add(0x80 | ((code >> 12) & 0x3F));
    add(0x80 | ((code >> 6) & 0x3F));
  }
  add(0x80 | (code & 0x3F));
}

// The length of the UTF-8 sequence at the beginning of `text` (RFC 3629, section 4), or 0 when it is none.
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto is_tail = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return is_tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool is_short = first == 0xE0 && byte(1) < 0xA0;
    const bool is_surrogate = first == 0xED && byte(1) >= 0xA0;
    return is_tail(1) && is_tail(2) && !is_short && !is_surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool is_short = first == 0xF0 && byte(1) < 0x90;
    const bool is_beyond = first == 0xF4 && byte(1) >= 0x90;
    return is_tail(1) && is_tail(2) && is_tail(3) && !is_short && !is_beyond ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool JsonReader::SkipBlanks() {
  offset_ = std::min(text_.find_first_not_of(" \t\r\n", offset_), text_.size());
  return offset_ < text_.size();
}

SourceMark JsonReader::Mark() {
  for (; marked_offset_ < offset_; ++marked_offset_) {
    const char c = text_[marked_offset_];
    if (c == '\n') {
      ++marked_.line;
      marked_.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++marked_.column;
    }
  }
  return marked_;
}

std::optional<ManifestProblem> JsonReader::Refuse(std::string_view what) {
  const bool is_at_end = offset_ >= text_.size();
  return ManifestProblem{Mark(), StrCat("not JSON: ", is_at_end ? "it ends in the middle of a value" : what)};
}

bool JsonReader::Skip(std::string_view word) {
  if (!text_.substr(offset_).starts_with(word)) return false;
  offset_ += word.size();
  return true;
}

// number = [ minus ] int [ frac ] [ exp ]
bool JsonReader::ReadNumber() {
  const auto skip_digits = [&] {
    const std::size_t begin = offset_;
    while (offset_ < text_.size() && IsDigit(text_[offset_])) ++offset_;
    return offset_ > begin;
  };
  Skip("-");
  if (!Skip("0") && !skip_digits()) return false;
  if (Skip(".") && !skip_digits()) return false;
  if (Skip("e") || Skip("E")) {
    if (!Skip("+")) Skip("-");
    if (!skip_digits()) return false;
  }
  return true;
}

// Behind the backslash.
bool JsonReader::ReadEscape(std::string& string) {
  if (offset_ >= text_.size()) return false;
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const char letter = text_[offset_++];
  if (const std::size_t at = kLetters.find(letter); at != std::string_view::npos) {
    string += kMeanings[at];
    return true;
  }
  const auto read_unit = [&](std::uint32_t& unit) {
    if (text_.size() - offset_ < 4) return false;
    const char* begin = text_.data() + offset_;
    const bool is_hex = std::from_chars(begin, begin + 4, unit, 16).ptr == begin + 4;
    offset_ += is_hex ? 4 : 0;
    return is_hex;
  };
  std::uint32_t unit = 0;
  if (letter != 'u' || !read_unit(unit)) {
    --offset_;
    return false;
  }
  constexpr std::uint32_t kReplacement = 0xFFFD;  // what encoding/json makes of half a pair
  if (unit >= 0xD800 && unit < 0xDC00) {
    const std::size_t behind = offset_;
    std::uint32_t low = 0;
    if (Skip("\\u") && read_unit(low) && low >= 0xDC00 && low < 0xE000) {
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    } else {
      offset_ = behind;
      unit = kReplacement;
    }
  } else if (unit >= 0xDC00 && unit < 0xE000) {
    unit = kReplacement;
  }
  AppendUtf8(unit, string);
  return true;
}

std::optional<ManifestProblem> JsonReader::ReadString(std::string& string) {
  string.clear();
  ++offset_;  // the quote
  while (offset_ < text_.size()) {
    const char c = text_[offset_];
    if (c == '"') {
      ++offset_;
      return std::nullopt;
    }
    if (c == '\\') {
      ++offset_;
      if (!ReadEscape(string)) return Refuse("no escape of JSON");
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x20) return Refuse("a control character in a string");
    const std::size_t length = Utf8Length(text_.substr(offset_));
    if (length == 0) return Refuse("not valid UTF-8");
    string.append(text_.substr(offset_, length));
    offset_ += length;
  }
  return Refuse("");
}

std::optional<ManifestProblem> JsonReader::ReadScalar(ManifestBuilder& builder) {
  const SourceMark begin = Mark();
  const std::size_t begin_offset = offset_;
  const char first = Peek();
  if (first == '"') {
    std::string string;
    if (auto problem = ReadString(string); problem.has_value()) return problem;
    builder.AddScalar(begin, Mark(), NodeKind::kString, NodeStyle::kDoubleQuoted, string);
    return std::nullopt;
  }
  NodeKind kind = NodeKind::kBoolean;
  if (first == '-' || IsDigit(first)) {
    if (!ReadNumber()) return Refuse("no number");
    const std::string_view number = text_.substr(begin_offset, offset_ - begin_offset);
    kind = number.find_first_of(".eE") == std::string_view::npos ? NodeKind::kInteger : NodeKind::kFloat;
  } else if (Skip("null")) {
    kind = NodeKind::kNull;
  } else if (!Skip("true") && !Skip("false")) {
    return Refuse("a value was expected here");
  }
  builder.AddScalar(begin, Mark(), kind, NodeStyle::kPlain, text_.substr(begin_offset, offset_ - begin_offset));
  return std::nullopt;
}

std::optional<ManifestProblem> JsonReader::Read(ManifestBuilder& builder) {
  std::string open;  // the brackets that wait for their end
  do {
    if (!SkipBlanks()) return Refuse("");
    const char first = Peek();
    if (first == '{' || first == '[') {
      builder.StartCollection(Mark(), first == '{' ? NodeKind::kMapping : NodeKind::kSequence, NodeStyle::kFlow);
      open += first == '{' ? '}' : ']';
      ++offset_;
      if (builder.is_beyond_bounds()) return builder.problem();
    } else if (auto problem = ReadScalar(builder); problem.has_value()) {
      return problem;
    }
    // Behind a value or an opening bracket, up to where the next value begins.
    bool is_first = first == '{' || first == '[';
    while (!open.empty()) {
      if (!SkipBlanks()) return Refuse("");
      if (Peek() == open.back()) {
        ++offset_;
        open.pop_back();
        builder.EndCollection(Mark());
        is_first = false;
        continue;
      }
      if (!is_first && !Skip(",")) return Refuse(open.back() == '}' ? "expected , or }" : "expected , or ]");
      if (open.back() == ']') break;
      if (!SkipBlanks()) return Refuse("");
      if (Peek() != '"') return Refuse("a key in double quotes was expected here");
      if (auto problem = ReadScalar(builder); problem.has_value()) return problem;
      if (!SkipBlanks()) return Refuse("");
      if (!Skip(":")) return Refuse("expected : behind a key");
      break;
    }
  } while (!open.empty());
  return std::nullopt;
}

}  // namespace tidewaiter
