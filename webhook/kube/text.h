// SPDX-License-Identifier: Apache-2.0
//
// Abseil's string functions for std::string_view. Distributions build Abseil with its own string_view type (Debian 12)
// or with the standard's (Debian 13); these few adapters compile with both. Tested through everything that makes a
// message.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tidewaiter {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view FromAbsl(absl::string_view text) { return {text.data(), text.size()}; }

namespace internal {
template <typename T>
decltype(auto) ToAlphaNum(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return ToAbsl(value);
  } else {
    return (value);
  }
}
}  // namespace internal

// absl::StrCat and absl::StrAppend that also take std::string_view.
template <typename... Args>
std::string StrCat(const Args&... args) {
  return absl::StrCat(internal::ToAlphaNum(args)...);
}
template <typename... Args>
void StrAppend(std::string* text, const Args&... args) {
  absl::StrAppend(text, internal::ToAlphaNum(args)...);
}

inline absl::Status InvalidArgument(std::string_view message) { return absl::InvalidArgumentError(ToAbsl(message)); }
inline std::string_view MessageOf(const absl::Status& status) { return FromAbsl(status.message()); }

}  // namespace tidewaiter
