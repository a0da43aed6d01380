// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes label selectors: `KEY OPERATOR VALUE...`, one a line. Keys and values are also judged by regular expressions
// of Kubernetes' documentation, and what an operator says by its opposite.
#include <regex>

#include "tests/fuzz/fuzzing.h"
#include "webhook/kube/label_selector.h"
#include "webhook/kube/text_map.h"

namespace tidewaiter {
namespace {

constexpr std::size_t kMost = 400;  // what is longer is refused by every rule, and std::regex recurses

bool IsName(const std::string& text) {
  static const std::regex name("[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?", std::regex::optimize);
  return text.size() <= 63 && std::regex_match(text, name);
}

bool IsKey(const std::string& text) {
  static const std::regex subdomain("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
                                    std::regex::optimize);
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return IsName(text);
  return slash <= 253 && std::regex_match(text.substr(0, slash), subdomain) && IsName(text.substr(slash + 1));
}

bool Holds(const std::string& key, const char* op, const std::vector<std::string>& values, const Labels& labels) {
  LabelSelector selector;
  FUZZ_CHECK(selector.AddMatchExpression(key, op, values).ok(), key);
  TextMap<std::string_view> views;
  for (const auto& [name, value] : labels) views.Set(name, value);
  const bool holds = selector.Matches(labels);
  FUZZ_CHECK(holds == selector.Matches(views), key);
  return holds;
}

void CheckRequirement(const std::vector<std::string_view>& words) {
  const std::string key(words[0]);
  std::vector<std::string> values(words.begin() + (words.size() > 1 ? 2 : 1), words.end());
  if (key.size() > kMost) {
    FUZZ_CHECK(!ValidateLabelKey(key).ok(), key);
    return;
  }
  const bool is_key = IsKey(key);
  FUZZ_CHECK(ValidateLabelKey(key).ok() == is_key, nlohmann::json(key));
  bool are_values = true;
  for (const std::string& value : values) {
    const bool is_value = value.empty() || (value.size() <= kMost && IsName(value));
    FUZZ_CHECK(ValidateLabelValue(value).ok() == is_value, nlohmann::json(value));
    are_values = are_values && is_value;
  }
  LabelSelector selector;
  if (words.size() > 1) {
    const std::string op(words[1]);
    const bool takes = op == "In" || op == "NotIn";
    const bool expected =
        is_key && are_values && (takes ? !values.empty() : (op == "Exists" || op == "DoesNotExist") && values.empty());
    FUZZ_CHECK(selector.AddMatchExpression(key, op, values).ok() == expected, key << " " << op);
    FUZZ_CHECK(selector.requirements.size() == (expected ? 1u : 0u));
  }
  if (!is_key || !are_values) return;
  std::vector<Labels> cases = {{}, {{"other", "x"}}, {{key, ""}}, {{key, "x"}}};
  for (const std::string& value : values) cases.push_back({{key, value}});
  for (const Labels& labels : cases) {
    FUZZ_CHECK(Holds(key, "Exists", {}, labels) == labels.contains(key), key);
    FUZZ_CHECK(Holds(key, "DoesNotExist", {}, labels) == !labels.contains(key), key);
    if (values.empty()) continue;
    const bool is_in = labels.contains(key) && std::find(values.begin(), values.end(), labels.at(key)) != values.end();
    FUZZ_CHECK(Holds(key, "In", values, labels) == is_in && Holds(key, "NotIn", values, labels) == !is_in, key);
  }
}

}  // namespace
}  // namespace tidewaiter

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const std::string_view line : tidewaiter::Split(tidewaiter::InputText(data, size), '\n')) {
    tidewaiter::CheckRequirement(tidewaiter::Split(line, ' '));
  }
  return 0;
}
