// SPDX-License-Identifier: Apache-2.0
//
// What a character is, in ASCII and in no locale: the classes that the grammars of Kubernetes and of image references
// are written in. Tested through tests/kube/image_reference_test.cc and label_selector_test.cc.
#pragma once

#include <array>

namespace tidewaiter {
namespace internal {

// What a character is, as bits.
enum : unsigned char { kDigit = 1, kLower = 2, kUpper = 4, kLowerAToF = 8, kUpperAToF = 16 };
inline constexpr std::array<unsigned char, 256> kClasses = [] {
  std::array<unsigned char, 256> classes{};
  for (unsigned char c = '0'; c <= '9'; ++c) classes[c] = kDigit;
  for (unsigned char c = 'a'; c <= 'z'; ++c) classes[c] = c <= 'f' ? kLower | kLowerAToF : kLower;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) classes[c] = c <= 'F' ? kUpper | kUpperAToF : kUpper;
  return classes;
}();
constexpr bool IsAny(char c, unsigned char bits) { return (kClasses[static_cast<unsigned char>(c)] & bits) != 0; }

}  // namespace internal

// Objects and not functions, so that algorithms over them are compiled into one loop.
inline constexpr auto IsDigit = [](char c) { return internal::IsAny(c, internal::kDigit); };
inline constexpr auto IsLower = [](char c) { return internal::IsAny(c, internal::kLower); };
inline constexpr auto IsUpper = [](char c) { return internal::IsAny(c, internal::kUpper); };
inline constexpr auto IsLowerAlphanumeric = [](char c) {
  return internal::IsAny(c, internal::kLower | internal::kDigit);
};
inline constexpr auto IsAlphanumeric = [](char c) {
  return internal::IsAny(c, internal::kLower | internal::kUpper | internal::kDigit);
};
inline constexpr auto IsLowerHex = [](char c) { return internal::IsAny(c, internal::kDigit | internal::kLowerAToF); };
inline constexpr auto IsHex = [](char c) {
  return internal::IsAny(c, internal::kDigit | internal::kLowerAToF | internal::kUpperAToF);
};

}  // namespace tidewaiter
