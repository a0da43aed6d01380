// SPDX-License-Identifier: Apache-2.0
//
// The types of scalars, by a table of what sigs.k8s.io/yaml says (tests/oracle asks it about many more).
#include "webhook/manifest/yaml_scalar.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

struct Case {
  std::string_view text;
  NodeKind kind;
  std::string_view json;  // of a string itself
};

TEST(YamlScalarTest, PlainScalars) {
  constexpr NodeKind kNull = NodeKind::kNull, kBoolean = NodeKind::kBoolean, kInteger = NodeKind::kInteger,
                     kFloat = NodeKind::kFloat, kString = NodeKind::kString;
  const Case cases[] = {
      {"", kNull, "null"},
      {"~", kNull, "null"},
      {"NULL", kNull, "null"},
      {"nUll", kString, "nUll"},
      {"yes", kBoolean, "true"},
      {"Y", kBoolean, "true"},
      {"on", kBoolean, "true"},
      {"off", kBoolean, "false"},
      {"N", kBoolean, "false"},
      {"oN", kString, "oN"},
      {"0", kInteger, "0"},
      {"-0", kInteger, "0"},
      {"0777", kInteger, "511"},
      {"0o17", kInteger, "15"},
      {"08", kFloat, "8"},
      {"0x1F", kInteger, "31"},
      {"0b101", kInteger, "5"},
      {"0b-1", kInteger, "-1"},
      {"1_000", kInteger, "1000"},
      {"9223372036854775807", kInteger, "9223372036854775807"},
      {"18446744073709551615", kInteger, "18446744073709551615"},
      {"18446744073709551616", kFloat, "18446744073709552000"},
      {"1e3", kFloat, "1000"},
      {"1.", kFloat, "1"},
      {"1.10", kFloat, "1.1"},
      {".5", kFloat, "0.5"},
      {".1_5", kFloat, "0.15"},
      {"._5", kString, "._5"},
      {"-0.0", kFloat, "-0"},
      {"1e21", kFloat, "1e+21"},
      {"1e-7", kFloat, "1e-7"},
      {"0.000001", kFloat, "0.000001"},
      {"1e309", kString, "1e309"},
      {"1:30", kString, "1:30"},
      {"2001-12-14", kString, "2001-12-14"},
      {"1.2.3", kString, "1.2.3"},
      {"128Mi", kString, "128Mi"},
      {"+", kString, "+"},
  };
  for (const Case& test : cases) {
    const absl::StatusOr<YamlScalar> scalar = ResolveScalar("", test.text, true);
    ASSERT_TRUE(scalar.ok()) << test.text << ": " << scalar.status();
    EXPECT_EQ(scalar->kind, test.kind) << test.text;
    EXPECT_EQ(scalar->text, test.json) << test.text;
  }
}

TEST(YamlScalarTest, QuotedScalarsAreStrings) {
  for (const std::string_view text : {"", "yes", "12", "~", ".inf"}) {
    const absl::StatusOr<YamlScalar> scalar = ResolveScalar("", text, false);
    ASSERT_TRUE(scalar.ok());
    EXPECT_EQ(scalar->kind, NodeKind::kString) << text;
    EXPECT_EQ(scalar->text, text);
  }
}

TEST(YamlScalarTest, Tags) {
  struct Tagged {
    std::string_view tag;
    std::string_view text;
    std::string_view json;  // "" when it is refused
  };
  for (const Tagged& test : std::initializer_list<Tagged>{{"str", "12", "12"},
                                                          {"int", "0x1F", "31"},
                                                          {"int", "x", ""},
                                                          {"float", "1", "1"},
                                                          {"bool", "yes", "true"},
                                                          {"bool", "1", ""},
                                                          {"null", "x", ""},
                                                          {"binary", "aGVsbG8=", "hello"},
                                                          {"binary", "*", ""},
                                                          {"timestamp", "2001-12-14", "2001-12-14"},
                                                          {"timestamp", "x", ""}}) {
    const absl::StatusOr<YamlScalar> scalar =
        ResolveScalar(std::string("tag:yaml.org,2002:").append(test.tag), test.text, true);
    EXPECT_EQ(scalar.ok() ? scalar->text : "", test.json) << test.tag << " " << test.text;
  }
  EXPECT_EQ(ResolveScalar("!mine", "12", true)->kind, NodeKind::kString);
}

TEST(YamlScalarTest, WhatJsonDoesNotHave) {
  for (const std::string_view text : {".inf", "-.INF", ".nan"}) EXPECT_FALSE(ResolveScalar("", text, true).ok());
}

TEST(YamlScalarTest, Keys) {
  struct Key {
    std::string_view text;
    std::string_view key;
  };
  for (const Key& test : std::initializer_list<Key>{{"yes", "true"},
                                                    {"0x10", "16"},
                                                    {"1.50", "1.5"},
                                                    {"1e6", "1e+06"},
                                                    {"123456.0", "123456"},
                                                    {"1234567.5", "1.2345675e+06"},
                                                    {"0.0001", "0.0001"},
                                                    {"0.00001", "1e-05"},
                                                    {".inf", ".inf"},
                                                    {"name", "name"}}) {
    EXPECT_EQ(ResolveKey("", test.text, true).value_or(""), test.key) << test.text;
  }
  EXPECT_FALSE(ResolveKey("", "~", true).ok());
  EXPECT_FALSE(ResolveKey("", "18446744073709551615", true).ok());
}

}  // namespace
}  // namespace tidewaiter
