// SPDX-License-Identifier: Apache-2.0
//
// Days, in UTC: when a policy begins to enforce and when an exemption ends. Tested by tests/policy/date_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "webhook/controls/base/setting_values.h"

namespace tidewaiter {

// A day of the proleptic Gregorian calendar.
using Date = absl::CivilDay;

// The day of "2027-01-31" (RFC 3339 full-date), or nullopt for anything else, such as a 31st of February.
std::optional<Date> ParseDate(std::string_view text);

// The day in UTC of a time in seconds since 1970.
Date DateOf(std::int64_t unix_seconds);

// As a setting: a string that is such a date. Settings schemas find these.
struct DateSetting {
  std::optional<Date> date;
};
absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, DateSetting& out);
inline std::string SettingTypeName(const DateSetting&) { return "date"; }
inline std::string SettingText(const DateSetting&) { return ""; }

}  // namespace tidewaiter
