// SPDX-License-Identifier: Apache-2.0
#include "webhook/kube/quantity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/kube/oracle_table.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::HasSubstr;

constexpr __int128 kMaxNanos = static_cast<__int128>(~static_cast<unsigned __int128>(0) >> 1);

// The nanos as the table writes them.
std::string NanosText(const Quantity& quantity) {
  __int128 nanos = quantity.nanos();
  if (nanos == 0) return "0";
  const bool is_negative = nanos < 0;
  std::string digits;
  for (; nanos != 0; nanos /= 10)
    digits += static_cast<char>('0' + static_cast<int>(nanos % 10) * (is_negative ? -1 : 1));
  if (is_negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

Quantity Parsed(std::string_view text) {
  absl::StatusOr<Quantity> quantity = Quantity::Parse(text);
  EXPECT_TRUE(quantity.ok()) << quantity.status();
  return quantity.value_or(Quantity());
}

TEST(QuantityTest, ReadsWhatKubernetesReads) {
  int values = 0, comparisons = 0, ratios = 0;
  for (const std::vector<std::string>& row : ReadTable("quantities.txt")) {
    SCOPED_TRACE(::testing::PrintToString(row));
    const absl::StatusOr<Quantity> quantity = Quantity::Parse(row[1]);
    if (row[0] == "value") {
      ++values;
      ASSERT_EQ(quantity.ok(), row[2] != "invalid") << quantity.status();
      if (!quantity.ok()) {
        EXPECT_EQ(quantity.status().code(), absl::StatusCode::kInvalidArgument);
        continue;
      }
      EXPECT_EQ(quantity->text(), row[1]);
      if (row[2] == "max" || row[2] == "-max") {
        EXPECT_TRUE(quantity->nanos() == (row[2] == "max" ? kMaxNanos : -kMaxNanos));
      } else {
        EXPECT_EQ(NanosText(*quantity), row[2]);
      }
      EXPECT_EQ(quantity->is_negative(), row[2][0] == '-');
      EXPECT_EQ(quantity->is_zero(), row[2] == "0");
    } else if (row[0] == "ratio") {
      ++ratios;
      ASSERT_TRUE(quantity.ok());
      EXPECT_EQ(ExceedsRatio(*quantity, Parsed(row[2]), Parsed(row[3])), row[4] == "true");
    } else {
      ++comparisons;
      const Quantity other = Parsed(row[2]);
      ASSERT_TRUE(quantity.ok());
      // Beyond the bound everything is equal; Kubernetes still tells such amounts apart.
      if (*quantity == other && (quantity->nanos() == kMaxNanos || quantity->nanos() == -kMaxNanos)) continue;
      const std::strong_ordering order = *quantity <=> other;
      EXPECT_EQ(order < 0 ? "-1" : order > 0 ? "1" : "0", row[3]);
      EXPECT_EQ(*quantity == other, row[3] == "0");
    }
  }
  EXPECT_GT(values, 3000);
  EXPECT_GT(comparisons, 1000);
  EXPECT_GT(ratios, 300);
}

TEST(QuantityTest, IsZeroByDefault) {
  EXPECT_EQ(Quantity().text(), "0");
  EXPECT_EQ(Quantity(), Parsed("0.0Ki"));
  EXPECT_FALSE(Quantity().is_negative());
}

TEST(QuantityTest, BoundsAbsurdExponents) {
  const struct {
    const char* text;
    const char* nanos;  // null when refused
  } kCases[] = {
      {"1e2147483647", "170141183460469231731687303715884105727"},
      {"-1e2147483647", "-170141183460469231731687303715884105727"},
      {"1e1000000000", "170141183460469231731687303715884105727"},
      {"0e2147483647", "0"},
      {"1e-2147483647", "1"},
      {"-1.5e-2147483647", "-1"},
      {"0e-2147483647", "0"},
      {"1e2147483648", nullptr},
      {"1e-2147483648", nullptr},
      {"1e4294967296", nullptr},
      {"1e9223372036854775807", nullptr},
      {"1e18446744073709551616", nullptr},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.text);
    const absl::StatusOr<Quantity> quantity = Quantity::Parse(test.text);
    ASSERT_EQ(quantity.ok(), test.nanos != nullptr);
    if (quantity.ok()) {
      EXPECT_EQ(NanosText(*quantity), test.nanos);
    }
  }
}

TEST(QuantityTest, ReadsAMegabyteOfDigits) {
  const std::size_t kMegabyte = 1u << 20;
  EXPECT_EQ(NanosText(Parsed(std::string(kMegabyte, '0') + "7")), "7000000000");
  EXPECT_TRUE(Parsed(std::string(kMegabyte, '9')).nanos() == kMaxNanos);
  EXPECT_EQ(NanosText(Parsed(std::string(kMegabyte, '9') + "Ki")), "9223372036854775807000000000");
  EXPECT_EQ(NanosText(Parsed("0." + std::string(kMegabyte, '9') + "Ki")), "1024000000000");
  EXPECT_EQ(NanosText(Parsed("0." + std::string(kMegabyte, '0') + "1Ki")), "1");
  EXPECT_EQ(NanosText(Parsed(std::string(kMegabyte, '1') + "e-" + std::to_string(kMegabyte - 1))), "1111111112");
  EXPECT_EQ(NanosText(Parsed("1e" + std::string(kMegabyte, '0') + "3")), "1000000000000");

  const absl::StatusOr<Quantity> refused = Quantity::Parse(std::string(kMegabyte, '9') + "x");
  ASSERT_FALSE(refused.ok());
  EXPECT_LT(refused.status().message().size(), 500u);
}

TEST(QuantityTest, SaysWhatIsWrong) {
  const struct {
    std::string_view text;
    const char* message;
  } kCases[] = {
      {"", "empty"},
      {"12Mo",
       "unknown suffix \"Mo\" (use n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or an exponent such as e3)"},
      {"1 Gi", "unknown suffix \" Gi\""},
      {"1ex", "\"ex\" is not an exponent"},
      {"1e99999999999", "exponent is out of range"},
      {"e-20", "no digits"},
      {"1\n", "\"1\\n\" is not a quantity"},
  };
  for (const auto& test : kCases) {
    const absl::StatusOr<Quantity> quantity = Quantity::Parse(test.text);
    ASSERT_FALSE(quantity.ok()) << test.text;
    EXPECT_THAT(std::string(MessageOf(quantity.status())), HasSubstr(test.message));
  }
}

TEST(QuantityTest, ComparesRatiosExactly) {
  const struct {
    const char* numerator;
    const char* denominator;
    const char* ratio;
    bool exceeds;
  } kCases[] = {
      {"3", "2", "1.5", false},
      {"3000000001n", "2", "1.5", true},
      {"2999999999n", "2", "1.5", false},
      {"3", "1", "2.999999999", true},
      {"1Gi", "512Mi", "2", false},
      {"1Gi", "511Mi", "2", true},
      {"100m", "100m", "1", false},
      {"1n", "1n", "1n", true},
      {"1", "0", "10", true},
      {"0", "0", "10", false},
      {"0", "1", "0", false},
      {"-1", "1", "1", false},
      {"1", "-1", "1", true},
      {"-1", "-1", "2", true},
      {"-3", "-1", "2", false},
      {"-2", "-1", "2", false},
      {"-1", "0", "2", false},
      // Products of more than 128 bits.
      {"8Ei", "7Ei", "1.142857142", true},
      {"8E", "7E", "1.142857142", true},
      {"8E", "7E", "1.142857143", false},
      {"1e29", "1e28", "10", false},
      {"1e29", "99999999999999999999999999999999999999n", "1", true},
      {"1e29", "1e29", "1e29", false},
      {"-1e29", "-1e29", "1e29", true},
      {"1e30", "1e30", "1", false},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(ExceedsRatio(Parsed(test.numerator), Parsed(test.denominator), Parsed(test.ratio)), test.exceeds)
        << test.numerator << " / " << test.denominator << " : " << test.ratio;
  }
}

}  // namespace
}  // namespace tidewaiter
