// SPDX-License-Identifier: Apache-2.0
//
// First the ways to find a rule, then the choice among them, then the look-ups.
#include "webhook/policy/rule_index.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "webhook/kube/glob.h"

namespace tidewaiter {
namespace {

using KeyKind = RuleKey::Kind;

// What a text that fits the glob must be, or begin or end with: the one of the two that is preferred, if there is it.
std::optional<RuleKey> KeyOf(std::size_t field, const std::string& glob, KeyKind preferred) {
  const std::size_t first = glob.find_first_of(kGlobWildcards);
  if (first == std::string::npos) return RuleKey{.field = field, .kind = KeyKind::kText, .text = glob, .value = {}};
  const std::string head = glob.substr(0, first);
  const std::string tail = glob.substr(glob.find_last_of(kGlobWildcards) + 1);
  if (head.empty() && tail.empty()) return std::nullopt;
  const bool is_head = tail.empty() || (preferred == KeyKind::kHead && !head.empty());
  return RuleKey{
      .field = field, .kind = is_head ? KeyKind::kHead : KeyKind::kTail, .text = is_head ? head : tail, .value = {}};
}

std::optional<RuleWay> WayOf(std::size_t field, const std::vector<std::string>& globs, KeyKind preferred) {
  std::set<RuleKey> keys;
  for (const std::string& glob : globs) {
    std::optional<RuleKey> key = KeyOf(field, glob, preferred);
    if (!key.has_value()) return std::nullopt;
    keys.insert(*std::move(key));
  }
  return RuleWay(keys.begin(), keys.end());
}

// How many rules there are that can be found by each key.
std::map<RuleKey, std::size_t> CountKeys(const std::vector<std::vector<RuleWay>>& rules) {
  std::map<RuleKey, std::size_t> counts;
  for (const std::vector<RuleWay>& ways : rules) {
    std::set<RuleKey> keys;
    for (const RuleWay& way : ways) keys.insert(way.begin(), way.end());
    for (const RuleKey& key : keys) ++counts[key];
  }
  return counts;
}

// To ask so few costs little, once they are found, and to look into one more field costs something always.
constexpr std::size_t kFew = 32;

// With how many rules, this one included, it is found at most.
std::size_t CrowdOf(const RuleWay& way, const std::map<RuleKey, std::size_t>& counts) {
  std::size_t most = kFew;
  for (const RuleKey& key : way) most = std::max(most, counts.at(key));
  return most;
}

std::size_t CommonSize(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

void Append(const std::vector<std::size_t>& from, std::vector<std::size_t>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

void AddGlobWays(std::size_t field, const std::vector<std::string>& globs, std::vector<RuleWay>& ways) {
  if (globs.empty()) return;
  std::optional<RuleWay> by_head = WayOf(field, globs, KeyKind::kHead);
  std::optional<RuleWay> by_tail = WayOf(field, globs, KeyKind::kTail);
  if (!by_head.has_value()) return;  // then the other has none either
  const bool is_same = by_head == by_tail;
  ways.push_back(*std::move(by_head));
  if (!is_same) ways.push_back(*std::move(by_tail));
}

void AddLabelWays(std::size_t field, const LabelSelector& selector, std::vector<RuleWay>& ways) {
  for (const LabelRequirement& requirement : selector.requirements) {
    if (requirement.op == LabelOperator::kExists) {
      ways.push_back({{.field = field, .kind = KeyKind::kLabelKey, .text = requirement.key, .value = {}}});
    } else if (requirement.op == LabelOperator::kIn) {
      std::set<RuleKey> keys;
      for (const std::string& value : requirement.values) {
        keys.insert({.field = field, .kind = KeyKind::kLabel, .text = requirement.key, .value = value});
      }
      ways.emplace_back(keys.begin(), keys.end());
    }
  }
}

RuleIndex::RuleIndex(const std::vector<std::vector<RuleWay>>& rules) {
  const std::map<RuleKey, std::size_t> counts = CountKeys(rules);
  for (std::size_t number = 0; number < rules.size(); ++number) {
    const std::vector<RuleWay>& ways = rules[number];
    const auto best = std::min_element(ways.begin(), ways.end(), [&](const RuleWay& a, const RuleWay& b) {
      return CrowdOf(a, counts) < CrowdOf(b, counts);
    });
    if (best == ways.end()) {
      general_.push_back(number);
    } else {
      for (const RuleKey& key : *best) Add(key, number);
    }
  }
}

void RuleIndex::Add(const RuleKey& key, std::size_t number) {
  if (fields_.size() <= key.field) fields_.resize(key.field + 1);
  Field& field = fields_[key.field];
  if (field.numbers.empty() || field.numbers.back() != number) field.numbers.push_back(number);
  switch (key.kind) {
    case KeyKind::kText:
      return field.texts[key.text].push_back(number);
    case KeyKind::kHead:
      return field.heads[key.text].push_back(number);
    case KeyKind::kTail:
      return field.tails[std::string(key.text.rbegin(), key.text.rend())].push_back(number);
    case KeyKind::kLabel:
      return field.labels[key.text].by_value[key.value].push_back(number);
    case KeyKind::kLabelKey:
      return field.labels[key.text].whatever_value.push_back(number);
  }
}

const std::vector<std::size_t>& RuleIndex::RulesOf(std::size_t field) const {
  static const Numbers kNone;
  return has(field) ? fields_[field].numbers : kNone;
}

void RuleIndex::FindByText(std::size_t field, std::string_view text, std::vector<std::size_t>& found) const {
  if (!has(field)) return;
  const Field& tables = fields_[field];
  if (const auto same = tables.texts.find(text); same != tables.texts.end()) Append(same->second, found);
  FindHeads(tables.heads, text, found);
  if (!tables.tails.empty()) FindHeads(tables.tails, std::string(text.rbegin(), text.rend()), found);
}

// The last head that is not behind the text in order has with it all that any other head has that the text begins
// with: so the search goes on in what the two have in common.
void RuleIndex::FindHeads(const TextTable& heads, std::string_view text, Numbers& found) {
  while (!text.empty()) {
    auto place = heads.upper_bound(text);
    if (place == heads.begin()) return;
    const std::string& head = (--place)->first;
    const std::size_t common = CommonSize(head, text);
    const bool is_head = common == head.size();
    if (is_head) Append(place->second, found);
    text = text.substr(0, is_head ? common - 1 : common);
  }
}

void RuleIndex::FindByValue(const LabelRules& rules, std::string_view value, Numbers& found) {
  Append(rules.whatever_value, found);
  if (const auto same = rules.by_value.find(value); same != rules.by_value.end()) Append(same->second, found);
}

void RuleIndex::ForEach(std::vector<std::size_t>& found, absl::FunctionRef<void(std::size_t)> visit) const {
  SortOnce(found);
  auto a = general_.begin();
  auto b = found.begin();
  while (a != general_.end() || b != found.end()) {
    visit(b == found.end() || (a != general_.end() && *a < *b) ? *a++ : *b++);
  }
}

void SortOnce(std::vector<std::size_t>& numbers) {
  const auto is_wrong = std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>());
  if (is_wrong == numbers.end()) return;
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

}  // namespace tidewaiter
