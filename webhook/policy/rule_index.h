// SPDX-License-Identifier: Apache-2.0
//
// Which of many rules can hold, found without asking each: by the texts and labels that they ask for. What is found is
// asked all the same, so an index may find too much, and must not find too little.
// Tested by tests/policy/rule_index_test.cc.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "webhook/kube/label_selector.h"

namespace tidewaiter {

// Something without which a rule cannot hold. Fields are numbered from 0 by whoever makes the index.
struct RuleKey {
  enum class Kind {
    kText,      // the field's text is `text`
    kHead,      // it begins with `text`
    kTail,      // it ends with `text`
    kLabel,     // among the field's labels is `text` with `value`
    kLabelKey,  // among them is `text`
  };
  std::size_t field = 0;
  Kind kind = Kind::kText;
  std::string text;
  std::string value;
  auto operator<=>(const RuleKey&) const = default;
};

// A way to find a rule: it holds only where at least one of the keys is met; with none, nowhere.
using RuleWay = std::vector<RuleKey>;

// Appends the ways to find a rule that asks a field's text to fit one of `globs`: by what stands before the first
// wildcard of each, or behind the last. There is none when the rule asks nothing (no globs), and none when a glob
// begins and ends with a wildcard.
void AddGlobWays(std::size_t field, const std::vector<std::string>& globs, std::vector<RuleWay>& ways);

// Appends the ways to find a rule that asks `selector` of a field's labels: one for each In and each Exists.
void AddLabelWays(std::size_t field, const LabelSelector& selector, std::vector<RuleWay>& ways);

// Immutable. Rules go by their numbers.
class RuleIndex {
 public:
  RuleIndex() = default;
  // rules[i] are the ways to find rule i; it is found by the one whose keys it shares with the fewest others, by the
  // first of several such. A rule without ways is always found.
  explicit RuleIndex(const std::vector<std::vector<RuleWay>>& rules);

  // Whether any rule is found by that field.
  bool has(std::size_t field) const { return field < fields_.size() && !fields_[field].numbers.empty(); }
  // The rules that are found by that field, in rising order.
  const std::vector<std::size_t>& RulesOf(std::size_t field) const;

  // Append those that are found by this text, or by these labels (any map from text to text), of the field. In no
  // order, and perhaps several times.
  void FindByText(std::size_t field, std::string_view text, std::vector<std::size_t>& found) const;
  template <typename Map>
  void FindByLabels(std::size_t field, const Map& labels, std::vector<std::size_t>& found) const;

  // Calls `visit` with each rule that is always found or in `found`, once, in rising order. Sorts `found`.
  void ForEach(std::vector<std::size_t>& found, absl::FunctionRef<void(std::size_t)> visit) const;

 private:
  using Numbers = std::vector<std::size_t>;
  using TextTable = std::map<std::string, Numbers, std::less<>>;
  struct LabelRules {
    Numbers whatever_value;
    TextTable by_value;
  };
  struct Field {
    Numbers numbers;
    TextTable texts;
    TextTable heads;
    TextTable tails;  // read backwards
    std::map<std::string, LabelRules, std::less<>> labels;
  };

  void Add(const RuleKey& key, std::size_t number);
  static void FindHeads(const TextTable& heads, std::string_view text, Numbers& found);
  static void FindByValue(const LabelRules& rules, std::string_view value, Numbers& found);

  std::vector<Field> fields_;
  Numbers general_;
};

// Puts the numbers into rising order, each once.
void SortOnce(std::vector<std::size_t>& numbers);

template <typename Map>
void RuleIndex::FindByLabels(std::size_t field, const Map& labels, std::vector<std::size_t>& found) const {
  if (!has(field)) return;
  const auto& rules = fields_[field].labels;
  if (rules.size() < labels.size()) {
    for (const auto& [key, of_key] : rules) {
      if (const auto label = labels.find(key); label != labels.end()) FindByValue(of_key, label->second, found);
    }
    return;
  }
  for (const auto& [key, value] : labels) {
    if (const auto of_key = rules.find(key); of_key != rules.end()) FindByValue(of_key->second, value, found);
  }
}

}  // namespace tidewaiter
