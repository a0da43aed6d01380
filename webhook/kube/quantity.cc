// SPDX-License-Identifier: Apache-2.0
//
// The quantity parser: one scan into sign, digits and suffix, then exact integer arithmetic in nanos.
#include "webhook/kube/quantity.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "webhook/kube/characters.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Unsigned128 = unsigned __int128;

constexpr Unsigned128 kMaxNanos = ~Unsigned128{0} >> 1;  // 2^127-1, the largest __int128
constexpr Unsigned128 kNanosPerUnit = 1'000'000'000;
constexpr Unsigned128 kMaxBinaryUnits = std::numeric_limits<std::int64_t>::max();  // the cap of BinarySI
constexpr std::int64_t kNanoExponent = -9;
constexpr std::int64_t kMaxNanosDigits = 39;  // 2^127 = 1.7e38 has 39 decimal digits

// A quantity's text cut into its parts; the views lie in the text.
struct Parts {
  bool is_negative = false;
  std::string_view integer;   // digits before the point, perhaps none
  std::string_view fraction;  // digits after the point, perhaps none
  std::string_view suffix;    // the rest
};

// What a suffix multiplies by: a power of ten, or of two.
struct Multiplier {
  bool is_binary = false;
  std::int64_t exponent = 0;
};

constexpr std::array<std::pair<std::string_view, Multiplier>, 16> kSuffixes = {{
    {"", {false, 0}},
    {"m", {false, -3}},
    {"Mi", {true, 20}},
    {"Gi", {true, 30}},
    {"Ki", {true, 10}},
    {"k", {false, 3}},
    {"M", {false, 6}},
    {"G", {false, 9}},
    {"T", {false, 12}},
    {"P", {false, 15}},
    {"E", {false, 18}},
    {"Ti", {true, 40}},
    {"Pi", {true, 50}},
    {"Ei", {true, 60}},
    {"u", {false, -6}},
    {"n", {false, -9}},
}};

std::string_view TakeDigits(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && IsDigit(text[length])) ++length;
  std::string_view digits = text.substr(0, length);
  text.remove_prefix(length);
  return digits;
}

Parts SplitParts(std::string_view text) {
  Parts parts;
  if (text.starts_with('-') || text.starts_with('+')) {
    parts.is_negative = text.front() == '-';
    text.remove_prefix(1);
  }
  parts.integer = TakeDigits(text);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts.fraction = TakeDigits(text);
  }
  parts.suffix = text;
  return parts;
}

absl::Status NoQuantity(std::string_view text, std::string_view reason) {
  return InvalidArgument(StrCat(Quoted(text), " is not a quantity: ", reason));
}

// "e3", "E-6": InvalidArgument unless digits follow and the value lies within +-(2^31-1).
absl::StatusOr<std::int64_t> ReadExponent(std::string_view text, std::string_view suffix) {
  std::string_view digits = suffix.substr(1);
  const bool is_negative = digits.starts_with('-');
  if (is_negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), IsDigit)) {
    return NoQuantity(text, StrCat(Quoted(suffix), " is not an exponent (such as e3)"));
  }
  std::int64_t value = 0;
  for (char digit : digits) {
    value = value * 10 + (digit - '0');
    if (value > std::numeric_limits<std::int32_t>::max()) return NoQuantity(text, "its exponent is out of range");
  }
  return is_negative ? -value : value;
}

absl::StatusOr<Multiplier> ReadSuffix(std::string_view text, std::string_view suffix) {
  for (const auto& [name, multiplier] : kSuffixes) {
    if (suffix == name) return multiplier;
  }
  if (suffix.size() > 1 && (suffix[0] == 'e' || suffix[0] == 'E')) {
    absl::StatusOr<std::int64_t> exponent = ReadExponent(text, suffix);
    if (!exponent.ok()) return exponent.status();
    return Multiplier{.is_binary = false, .exponent = *exponent};
  }
  return NoQuantity(text, StrCat("unknown suffix ", Quoted(suffix),
                                 " (use n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or an exponent such as e3)"));
}

Unsigned128 AppendDigit(Unsigned128 value, int digit) {
  if (value > kMaxNanos / 10) return kMaxNanos;
  return std::min(value * 10 + static_cast<Unsigned128>(digit), kMaxNanos);
}

// The magnitude in nanos of integer.fraction * 10^exponent, rounded up, at most kMaxNanos.
Unsigned128 DecimalNanos(const Parts& parts, std::int64_t exponent) {
  const auto integer_size = static_cast<std::int64_t>(parts.integer.size());
  const auto size = integer_size + static_cast<std::int64_t>(parts.fraction.size());
  auto digit = [&](std::int64_t i) {
    const auto index = static_cast<std::size_t>(i);
    return (i < integer_size ? parts.integer[index] : parts.fraction[index - parts.integer.size()]) - '0';
  };
  std::int64_t first = 0;
  while (first < size && digit(first) == 0) ++first;
  if (first == size) return 0;

  // Digits before this index (it may lie beyond the last one) are whole nanos, the rest is a fraction of a nano.
  const std::int64_t end = integer_size + exponent - kNanoExponent;
  if (end <= first) return 1;
  if (end - first > kMaxNanosDigits) return kMaxNanos;
  Unsigned128 nanos = 0;
  for (std::int64_t i = first; i < end; ++i) nanos = AppendDigit(nanos, i < size ? digit(i) : 0);
  for (std::int64_t i = end; i < size; ++i) {
    if (digit(i) != 0) return std::min(nanos + 1, kMaxNanos);
  }
  return nanos;
}

// The magnitude in nanos of integer.fraction * 2^exponent (exponent <= 60), rounded up, then capped at 2^63-1 units.
Unsigned128 BinaryNanos(const Parts& parts, std::int64_t exponent) {
  constexpr Unsigned128 kCap = kMaxBinaryUnits * kNanosPerUnit;
  Unsigned128 integer = 0;
  for (char c : parts.integer) {
    integer = integer * 10 + static_cast<Unsigned128>(c - '0');
    if (integer > kMaxBinaryUnits) return kCap;
  }
  if ((integer << exponent) > kMaxBinaryUnits) return kCap;  // below 2^123

  // fraction * scale by Horner's rule from the last digit: every step is floor((digit * scale + carry) / 10), below
  // scale <= 2^60 * 1e9 < 2^90. A remainder anywhere means that the whole is not a whole number of nanos.
  const Unsigned128 scale = kNanosPerUnit << exponent;
  Unsigned128 carry = 0;
  bool is_inexact = false;
  for (auto c = parts.fraction.rbegin(); c != parts.fraction.rend(); ++c) {
    const Unsigned128 sum = static_cast<Unsigned128>(*c - '0') * scale + carry;
    carry = sum / 10;
    is_inexact |= sum % 10 != 0;
  }
  return std::min((integer << exponent) * kNanosPerUnit + carry + (is_inexact ? 1 : 0), kCap);
}

struct Product {
  bool is_negative;
  Unsigned128 high;
  Unsigned128 low;
};

// The exact product of two 128-bit numbers, by schoolbook multiplication of their 64-bit halves.
Product Multiply(__int128 a, __int128 b) {
  auto magnitude = [](__int128 x) { return x < 0 ? -static_cast<Unsigned128>(x) : static_cast<Unsigned128>(x); };
  constexpr Unsigned128 kLowHalf = std::numeric_limits<std::uint64_t>::max();
  const Unsigned128 x = magnitude(a), y = magnitude(b);
  const Unsigned128 low = (x & kLowHalf) * (y & kLowHalf);
  const Unsigned128 left = (x >> 64) * (y & kLowHalf);
  const Unsigned128 right = (x & kLowHalf) * (y >> 64);
  const Unsigned128 middle = (low >> 64) + (left & kLowHalf) + (right & kLowHalf);
  const Unsigned128 high = (x >> 64) * (y >> 64) + (left >> 64) + (right >> 64) + (middle >> 64);
  return {
      .is_negative = (a < 0) != (b < 0) && a != 0 && b != 0, .high = high, .low = (middle << 64) | (low & kLowHalf)};
}

}  // namespace

absl::StatusOr<Quantity> Quantity::Parse(std::string_view text) {
  if (text.empty()) return NoQuantity(text, "it is empty");
  const Parts parts = SplitParts(text);
  absl::StatusOr<Multiplier> multiplier = ReadSuffix(text, parts.suffix);
  if (!multiplier.ok()) return multiplier.status();

  // Without a digit Kubernetes reads zero, unless the suffix is one that its parser for short numbers leaves to the
  // general one: below the nano, or Pi and Ei.
  const bool has_digits = !parts.integer.empty() || !parts.fraction.empty();
  const bool is_short = multiplier->is_binary ? multiplier->exponent <= 40 : multiplier->exponent >= kNanoExponent;
  if (!has_digits && !is_short) return NoQuantity(text, "it has no digits");

  const Unsigned128 nanos =
      multiplier->is_binary ? BinaryNanos(parts, multiplier->exponent) : DecimalNanos(parts, multiplier->exponent);
  return Quantity(parts.is_negative ? -static_cast<__int128>(nanos) : static_cast<__int128>(nanos), text);
}

bool ExceedsRatio(const Quantity& numerator, const Quantity& denominator, const Quantity& ratio) {
  // With all three in nanos: n > d * r / 1e9, that is n * 1e9 > d * r.
  const Product left = Multiply(numerator.nanos(), static_cast<__int128>(kNanosPerUnit));
  const Product right = Multiply(denominator.nanos(), ratio.nanos());
  if (left.is_negative != right.is_negative) return right.is_negative;
  const std::pair left_magnitude(left.high, left.low), right_magnitude(right.high, right.low);
  return left.is_negative ? left_magnitude < right_magnitude : left_magnitude > right_magnitude;
}

}  // namespace tidewaiter
