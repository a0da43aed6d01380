// SPDX-License-Identifier: Apache-2.0
//
// Settings that are sets of numbers: ranges of user and group ids, and of ports. Tested by
// tests/controls/integer_ranges_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "webhook/controls/base/settings_schema.h"

namespace tidewaiter {

// User or group ids, both ends included: {min: 1000, max: 1999}. A missing end is open.
struct IdRange {
  std::int64_t min = 0;
  std::int64_t max = kMaxId;
  static const SettingsSchema<IdRange>& Schema();
};

// InvalidArgument for a range that says neither `min` nor `max`: it would hold everything.
absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, IdRange& out);
inline std::string SettingTypeName(const IdRange&) { return "id range"; }

// Ports, both ends included. Written as one number or as {min: 9000, max: 9010}.
struct PortRange {
  std::int64_t min = 1;
  std::int64_t max = 65'535;  // RFC 9293: 16 bits
  static const SettingsSchema<PortRange>& Schema();
};

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, PortRange& out);
inline std::string SettingTypeName(const PortRange&) { return "port range"; }
std::string SettingText(const IdRange& range);
std::string SettingText(const PortRange& range);

// Whether one of the ranges holds `number`.
template <typename Range>
bool Contains(const std::vector<Range>& ranges, std::int64_t number) {
  for (const Range& range : ranges) {
    if (range.min <= number && number <= range.max) return true;
  }
  return false;
}

// For messages: "1000-1999, 65532".
std::string RangesText(const std::vector<IdRange>& ranges);

// Of a list of ranges: without one nothing would be allowed.
inline constexpr std::string_view kSomeRange = "must hold at least one range";

}  // namespace tidewaiter
