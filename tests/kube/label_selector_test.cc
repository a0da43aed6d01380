// SPDX-License-Identifier: Apache-2.0
#include "webhook/kube/label_selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/kube/oracle_table.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// The selector of a table line, or the first complaint about it.
absl::StatusOr<LabelSelector> BuildSelector(const Json& json) {
  LabelSelector selector;
  const Json match_labels = json.value("matchLabels", Json::object());
  for (const auto& [key, value] : match_labels.items()) {
    if (absl::Status status = selector.AddMatchLabel(key, value.get<std::string>()); !status.ok()) return status;
  }
  const Json match_expressions = json.value("matchExpressions", Json::array());
  for (const Json& expression : match_expressions) {
    absl::Status status =
        selector.AddMatchExpression(expression["key"].get<std::string>(), expression["operator"].get<std::string>(),
                                    expression.value("values", std::vector<std::string>()));
    if (!status.ok()) return status;
  }
  return selector;
}

TEST(LabelSelectorTest, DecidesAsKubernetesDoes) {
  const std::vector<std::string> lines = ReadLines("label_selectors.jsonl");
  ASSERT_GT(lines.size(), 1000u);
  const auto label_sets = Json::parse(lines[0]).get<std::vector<Labels>>();
  int valid = 0, invalid = 0;
  for (auto line = lines.begin() + 1; line != lines.end(); ++line) {
    SCOPED_TRACE(*line);
    const Json test = Json::parse(*line);
    const absl::StatusOr<LabelSelector> selector = BuildSelector(test["selector"]);
    ASSERT_EQ(selector.ok(), test["valid"].get<bool>()) << selector.status();
    if (!selector.ok()) {
      ++invalid;
      EXPECT_EQ(selector.status().code(), absl::StatusCode::kInvalidArgument);
      continue;
    }
    ++valid;
    std::string matches;
    for (const Labels& labels : label_sets) matches += selector->Matches(labels) ? '1' : '0';
    EXPECT_EQ(matches, test["matches"].get<std::string>());
  }
  EXPECT_GT(valid, 700);
  EXPECT_GT(invalid, 200);
}

TEST(LabelSelectorTest, MatchesEverythingWhenEmpty) {
  EXPECT_TRUE(LabelSelector().Matches(Labels{}));
  EXPECT_TRUE(LabelSelector().Matches(Labels{{"app", "web"}}));
}

TEST(LabelSelectorTest, SaysWhatIsWrongAndStaysAsItWas) {
  const struct {
    const char* key;
    const char* op;
    std::vector<std::string> values;
    const char* message;
  } kCases[] = {
      {"app", "in", {"web"}, "operator \"in\" is not one of In, NotIn, Exists, DoesNotExist"},
      {"app", "In", {}, "operator In on label \"app\" needs at least one value"},
      {"app", "NotIn", {}, "operator NotIn on label \"app\" needs at least one value"},
      {"app", "Exists", {"web"}, "operator Exists on label \"app\" must have no values"},
      {"app", "DoesNotExist", {""}, "operator DoesNotExist on label \"app\" must have no values"},
      {"app", "In", {"web", "we b"}, "label value \"we b\" must consist of"},
      {"", "Exists", {}, "label key \"\" must not be empty"},
      {"example.com/", "Exists", {}, "label key \"example.com/\": the part after '/' must not be empty"},
      {"Example.com/app", "Exists", {}, "label key \"Example.com/app\" must have a lower-case DNS name"},
      {"-app", "Exists", {}, "label key \"-app\" must consist of"},
  };
  LabelSelector selector;
  for (const auto& test : kCases) {
    const absl::Status status = selector.AddMatchExpression(test.key, test.op, test.values);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(MessageOf(status)), HasSubstr(test.message));
  }
  EXPECT_FALSE(selector.AddMatchLabel("app", "-").ok());
  EXPECT_TRUE(selector.requirements.empty());
}

}  // namespace
}  // namespace tidewaiter
