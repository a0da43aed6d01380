// SPDX-License-Identifier: Apache-2.0
//
// Durations as Go's time.ParseDuration reads them.
#include "webhook/server/go_duration.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

TEST(GoDurationTest, Table) {
  using namespace std::chrono_literals;
  const std::pair<const char*, std::optional<std::chrono::nanoseconds>> rows[] = {
      {"10s", 10s},     {"500ms", 500ms},    {"1m30s", 90s},
      {"1.5s", 1500ms}, {"1h", 1h},          {"1ns", 1ns},
      {"2us", 2us},     {"2\xC2\xB5s", 2us}, {".5s", 500ms},
      {"0s", 0ns},      {"24h", 24h},        {"25h", {}},
      {"", {}},         {"10", {}},          {"s", {}},
      {"-1s", {}},      {"10 s", {}},        {"10sec", {}},
      {"1s2", {}},      {"1e3s", {}},        {"9999999999999h", {}},
      {"inf s", {}},    {"nans", {}}};
  for (const auto& [text, expected] : rows) EXPECT_EQ(ParseGoDuration(text), expected) << text;
}

}  // namespace
}  // namespace tidewaiter
