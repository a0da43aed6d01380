// SPDX-License-Identifier: Apache-2.0
//
// Durations against the rules of Go's time.ParseDuration, and where this reader is stricter.
#include "webhook/server/go_duration.h"

#include <gtest/gtest.h>

#include <string>

namespace tidewaiter {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

TEST(GoDurationTest, Parses) {
  const struct {
    std::string_view text;
    nanoseconds expected;
  } kCases[] = {
      {"0s", 0ns},
      {"1ns", 1ns},
      {"10s", 10s},
      {"30s", 30s},
      {"500ms", 500ms},
      {"1m30s", 90s},
      {"1h", 1h},
      {"24h", 24h},
      {"1h2m3s4ms5us6ns", 1h + 2min + 3s + 4ms + 5us + 6ns},
      {"30s1m", 90s},  // any order
      {"1s1s", 2s},    // and repeated
      {"1.5s", 1500ms},
      {".5s", 500ms},
      {"5.s", 5s},
      {"0.000000001s", 1ns},
      {"1.9ns", 1ns},  // cut, not rounded
      {"2us", 2us},
      {"2\xC2\xB5s", 2us},  // MICRO SIGN
      {"2\xCE\xBCs", 2us},  // GREEK SMALL LETTER MU
      {"0010s", 10s},
  };
  for (const auto& c : kCases) {
    const auto parsed = ParseGoDuration(c.text);
    ASSERT_TRUE(parsed.has_value()) << c.text;
    EXPECT_EQ(*parsed, c.expected) << c.text;
  }
}

TEST(GoDurationTest, RefusesWhatIsNone) {
  const std::string nul("1s\0", 3);
  const std::string_view kCases[] = {
      "",     "0",    "10",  "s",      ".",    ".s",   "1",     "1 s",   " 1s",    "1s ",
      "1S",   "1sec", "1d",  "1.2.3s", "1s2",  "x1s",  "1e3s",  "1e3",   "0x1s",   "inf",
      "infs", "nans", "nan", "NaNs",   "1,5s", "--1s", "1s-1s", "1m+1s", "1\xB5s", nul,
  };
  for (const std::string_view text : kCases) EXPECT_FALSE(ParseGoDuration(text).has_value()) << "\"" << text << "\"";
}

// Go takes signs; a caller's timeout has none.
TEST(GoDurationTest, RefusesSigns) {
  for (const std::string_view text : {"-1s", "+1s", "-0s", "-"}) EXPECT_FALSE(ParseGoDuration(text)) << text;
}

TEST(GoDurationTest, RefusesMoreThanADay) {
  const std::string digits(400, '9');
  for (const std::string& text : {std::string("24h1ns"), std::string("25h"), std::string("9223372036854775808ns"),
                                  digits + "s", digits + "ns", "1." + digits + "h24h"}) {
    EXPECT_FALSE(ParseGoDuration(text)) << text;
  }
}

}  // namespace
}  // namespace tidewaiter
