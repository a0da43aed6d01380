// SPDX-License-Identifier: Apache-2.0
//
// Abseil's string functions for std::string_view. Distributions build Abseil with its own string_view type (Debian 12)
// or with the standard's (Debian 13); these few adapters compile with both. Tested through everything that makes a
// message.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tidewaiter {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view FromAbsl(absl::string_view text) { return {text.data(), text.size()}; }

namespace internal {
// A number's digits.
class Number {
 public:
  template <typename T>
  explicit Number(const T& value) {
    const absl::AlphaNum digits(value);
    size_ = digits.size();
    std::memcpy(digits_, digits.data(), size_);
  }
  explicit operator std::string_view() const { return {digits_, size_}; }

 private:
  char digits_[absl::numbers_internal::kFastToBufferSize];
  std::size_t size_ = 0;
};

// What is text already is only looked at; absl::AlphaNum writes numbers.
template <typename T>
auto ToPiece(const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return std::string_view(value);
  } else if constexpr (std::is_same_v<T, absl::string_view>) {
    return FromAbsl(value);
  } else {
    return Number(value);
  }
}

template <typename... Pieces>
void AppendPieces(std::string& text, const Pieces&... pieces) {
  (text.append(std::string_view(pieces)), ...);
}
template <typename... Pieces>
std::string CatPieces(const Pieces&... pieces) {
  std::string text;
  text.reserve((std::size_t{0} + ... + std::string_view(pieces).size()));
  AppendPieces(text, pieces...);
  return text;
}
}  // namespace internal

// absl::StrCat and absl::StrAppend that also take std::string_view, and fill no memory before they write it. What is
// appended must not be a part of `text`.
template <typename... Args>
std::string StrCat(const Args&... args) {
  return internal::CatPieces(internal::ToPiece(args)...);
}
template <typename... Args>
void StrAppend(std::string* text, const Args&... args) {
  internal::AppendPieces(*text, internal::ToPiece(args)...);
}

inline absl::Status InvalidArgument(std::string_view message) { return absl::InvalidArgumentError(ToAbsl(message)); }
inline std::string_view MessageOf(const absl::Status& status) { return FromAbsl(status.message()); }

}  // namespace tidewaiter
