// SPDX-License-Identifier: Apache-2.0
//
// Ten characters, and a day that exists.
#include "webhook/policy/date.h"

#include "absl/strings/numbers.h"

namespace tidewaiter {

std::optional<Date> ParseDate(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  const auto is_shape = [&] {
    if (text.size() != 10) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool is_dash = i == 4 || i == 7;
      if (is_dash ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
    }
    return absl::SimpleAtoi(ToAbsl(text.substr(0, 4)), &year) && absl::SimpleAtoi(ToAbsl(text.substr(5, 2)), &month) &&
           absl::SimpleAtoi(ToAbsl(text.substr(8, 2)), &day);
  };
  if (!is_shape()) return std::nullopt;
  const Date date(year, month, day);  // normalises a 31st of February to a day in March
  if (date.year() != year || date.month() != month || date.day() != day) return std::nullopt;
  return date;
}

Date DateOf(std::int64_t unix_seconds) {
  constexpr std::int64_t kSecondsADay = 24 * 3600;
  const std::int64_t days = unix_seconds / kSecondsADay - (unix_seconds % kSecondsADay < 0 ? 1 : 0);
  return Date(1970, 1, 1) + days;
}

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds&, DateSetting& out) {
  if (node.kind != DocumentNode::Kind::kString) return WrongSettingType(node, "a date such as 2027-01-31");
  out.date = ParseDate(node.text);
  return out.date.has_value() ? absl::OkStatus() : WrongSettingType(node, "a date such as 2027-01-31");
}

}  // namespace tidewaiter
