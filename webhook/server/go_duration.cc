// SPDX-License-Identifier: Apache-2.0
//
// Number, unit, number, unit.
#include "webhook/server/go_duration.h"

#include <charconv>

namespace tidewaiter {
namespace {

// Nanoseconds in one unit, 0 for an unknown unit.
double UnitNanoseconds(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\xC2\xB5s" || unit == "\xCE\xBCs") return 1e3;  // U+00B5 and U+03BC, as Go takes them
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  if (unit == "m") return 60e9;
  if (unit == "h") return 3600e9;
  return 0;
}

}  // namespace

std::optional<std::chrono::nanoseconds> ParseGoDuration(std::string_view text, std::chrono::nanoseconds most) {
  double total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || text.front() == '-') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::string_view unit = text.substr(0, text.find_first_of("0123456789."));
    text.remove_prefix(unit.size());
    const double nanoseconds = UnitNanoseconds(unit);
    total += number * nanoseconds;
    if (nanoseconds == 0 || !(total <= static_cast<double>(most.count()))) return std::nullopt;
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(total));
}

}  // namespace tidewaiter
