// SPDX-License-Identifier: Apache-2.0
//
// What the index finds is what asking every policy finds: random policies, namespaces and objects, and the same
// question put to each policy in turn.
#include "webhook/policy/policy_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/testing/dice.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using TextLabels = TextMap<std::string_view>;

// Counts how often it is asked: one who asks about an unknown namespace may have to wait.
class CountingNamespaces : public NamespaceSource {
 public:
  explicit CountingNamespaces(std::shared_ptr<const Labels> labels) : labels_(std::move(labels)) {}
  std::shared_ptr<const Labels> FindLabels(std::string_view) const override {
    ++asked;
    return labels_;
  }
  mutable int asked = 0;

 private:
  const std::shared_ptr<const Labels> labels_;
};

struct Case {
  MatchSubject subject;
  std::shared_ptr<const Labels> namespace_labels;  // nullptr: not known
  TextLabels labels;
  std::optional<TextLabels> old_labels;
};

struct Answer {
  bool may_match = false;
  std::vector<std::string> matching;
  std::string status;
  int asked = 0;
  bool operator==(const Answer&) const = default;
};

void PrintTo(const Answer& answer, std::ostream* out) {
  *out << answer.may_match << " " << ::testing::PrintToString(answer.matching) << " " << answer.status << " asked "
       << answer.asked;
}

std::vector<std::string> NamesOf(const std::vector<const Policy*>& policies) {
  std::vector<std::string> names;
  names.reserve(policies.size());
  for (const Policy* policy : policies) names.push_back(policy->name);
  return names;
}

Answer AskIndex(const PolicySet& set, const Case& each) {
  const CountingNamespaces namespaces(each.namespace_labels);
  const PolicyMatcher matcher(set, each.subject, &namespaces);
  const std::vector<const Policy*> matching =
      matcher.FindMatching(each.labels, each.old_labels.has_value() ? &*each.old_labels : nullptr);
  return {matcher.MayMatch(), NamesOf(matching), std::string(MessageOf(matcher.namespace_status())), namespaces.asked};
}

// Every policy, one question after the other.
Answer AskEach(const PolicySet& set, const Case& each) {
  Answer answer;
  std::vector<const Policy*> policies;
  for (const Policy& policy : set.policies()) {
    if (policy.match.HoldsAt(each.subject)) policies.push_back(&policy);
  }
  const TextLabels name_only = {{kNamespaceNameLabel, each.subject.namespace_name}};
  const auto asks = [](const Policy* policy) {
    const auto& selector = policy->match.namespace_selector;
    if (!selector.has_value()) return false;
    for (const LabelRequirement& requirement : selector->requirements) {
      if (requirement.key != kNamespaceNameLabel) return true;
    }
    return false;
  };
  answer.asked = std::any_of(policies.begin(), policies.end(), asks) ? 1 : 0;
  std::erase_if(policies, [&](const Policy* policy) {
    const auto& selector = policy->match.namespace_selector;
    if (!selector.has_value()) return false;
    if (!asks(policy)) return !selector->Matches(name_only);
    if (each.namespace_labels != nullptr) return !selector->Matches(*each.namespace_labels);
    const auto enforces = [](const AppliedControl& applied) { return applied.mode == Mode::kEnforce; };
    if (std::none_of(policy->controls.begin(), policy->controls.end(), enforces)) return true;
    if (answer.status.empty()) {
      answer.status = StrCat("the labels of namespace ", Quoted(each.subject.namespace_name),
                             " are not known, and the namespaceSelector of policy ", policy->name, " asks for them");
    }
    return false;
  });
  answer.may_match = !policies.empty();
  std::erase_if(policies, [&](const Policy* policy) {
    const auto& selector = policy->match.object_selector;
    return selector.has_value() && !selector->Matches(each.labels) &&
           !(each.old_labels.has_value() && selector->Matches(*each.old_labels));
  });
  answer.matching = NamesOf(policies);
  return answer;
}

constexpr std::string_view kNamespaces[] = {"a", "ab", "abc", "b", "ba", "team-1", "team-1-x", "team-2", ""};
constexpr std::string_view kKeys[] = {"team", "env", "zone", kNamespaceNameLabel};
constexpr std::string_view kValues[] = {"", "a", "b", "team-1"};

std::vector<std::string> NewGlobs(Dice& dice, std::size_t most) {
  constexpr std::string_view kGlobs[] = {"a",   "ab",     "a*",       "ab*",    "*b",        "*",    "?",       "*a*",
                                         "b?",  "team-1", "team-1-*", "team-*", "team-?-x",  "*-x",  "team-3",  "a*c",
                                         "?bc", "",       "team-2-*", "zz*",    "other-*-x", "zz-1", "nobody*", "*?*"};
  std::vector<std::string> globs(dice.Below(most + 1));
  for (std::string& glob : globs) glob = dice.Pick(kGlobs);
  return globs;
}

LabelSelector NewSelector(Dice& dice) {
  constexpr LabelOperator kOperators[] = {LabelOperator::kIn, LabelOperator::kIn, LabelOperator::kNotIn,
                                          LabelOperator::kExists, LabelOperator::kDoesNotExist};
  LabelSelector selector;
  const bool is_of_name = dice.OneOf(5);
  for (std::size_t count = dice.Below(4); count > 0; --count) {
    const LabelOperator op = dice.Pick(kOperators);
    std::vector<std::string> values;
    if (op == LabelOperator::kIn || op == LabelOperator::kNotIn) {
      values.resize(1 + dice.Below(3));
      for (std::string& value : values) value = dice.Pick(kValues);
    }
    selector.requirements.push_back({.key = std::string(is_of_name ? kNamespaceNameLabel : dice.Pick(kKeys)),
                                     .op = op,
                                     .values = std::move(values)});
  }
  return selector;
}

Match NewMatch(Dice& dice) {
  const KindPattern kinds[] = {
      {.kind = "Pod", .group = {}}, {.kind = "Deployment", .group = {}}, {.kind = "Job", .group = "batch"}};
  Match match;
  if (dice.OneOf(2)) match.include_namespaces = NewGlobs(dice, 3);
  if (dice.OneOf(3)) match.exclude_namespaces = NewGlobs(dice, 2);
  if (dice.OneOf(3)) match.namespace_selector = NewSelector(dice);
  if (dice.OneOf(2)) match.object_selector = NewSelector(dice);
  if (dice.OneOf(3)) match.kinds.assign(1 + dice.Below(2), dice.Pick(kinds));
  return match;
}

// Of one kind of policies only, as sets of many teams are, or of all kinds.
PolicySet NewSet(Dice& dice) {
  std::vector<Policy> policies(1 + dice.Below(dice.OneOf(4) ? 60 : 12));
  const bool is_alike = dice.OneOf(2);
  const Match like = NewMatch(dice);
  for (std::size_t i = 0; i < policies.size(); ++i) {
    Policy& policy = policies[i];
    policy.name = StrCat("p", i);
    policy.match = is_alike ? like : NewMatch(dice);
    if (is_alike && like.namespace_selector.has_value()) policy.match.namespace_selector = NewSelector(dice);
    if (is_alike && like.object_selector.has_value()) policy.match.object_selector = NewSelector(dice);
    const Mode mode = dice.OneOf(3) ? Mode::kWarn : Mode::kEnforce;
    policy.controls.push_back({.control = nullptr, .mode = mode, .settings = {}, .fingerprint = policy.name});
  }
  return PolicySet(std::move(policies));
}

TextLabels NewLabels(Dice& dice) {
  TextLabels labels;
  for (std::size_t count = dice.Below(4); count > 0; --count) labels.Set(dice.Pick(kKeys), dice.Pick(kValues));
  return labels;
}

Case NewCase(Dice& dice) {
  constexpr MatchSubject kKinds[] = {{.namespace_name = "", .group = "", .kind = "Pod"},
                                     {.namespace_name = "", .group = "apps", .kind = "Deployment"},
                                     {.namespace_name = "", .group = "batch", .kind = "Job"},
                                     {.namespace_name = "", .group = "other.io", .kind = "Job"}};
  Case each;
  each.subject = dice.Pick(kKinds);
  each.subject.namespace_name = dice.Pick(kNamespaces);
  if (!dice.OneOf(4)) {
    Labels labels;
    for (const auto& [key, value] : NewLabels(dice)) labels.emplace(key, value);
    labels.insert_or_assign(std::string(kNamespaceNameLabel), std::string(each.subject.namespace_name));
    each.namespace_labels = std::make_shared<const Labels>(std::move(labels));
  }
  each.labels = NewLabels(dice);
  if (dice.OneOf(3)) each.old_labels = NewLabels(dice);
  return each;
}

TEST(PolicyMatcherTest, FindsWhatAskingEachFinds) {
  Dice dice(20261130);
  std::size_t matching = 0, refused = 0, unasked = 0, unread = 0, unselected = 0;
  for (int round = 0; round < 1500; ++round) {
    const PolicySet set = NewSet(dice);
    for (int i = 0; i < 20; ++i) {
      const Case each = NewCase(dice);
      const Answer expected = AskEach(set, each);
      ASSERT_EQ(AskIndex(set, each), expected) << "round " << round;
      matching += expected.matching.size();
      refused += expected.status.empty() ? 0 : 1;
      unasked += expected.asked == 0 ? 1 : 0;
      unread += expected.may_match ? 0 : 1;
      unselected += expected.may_match && expected.matching.empty() ? 1 : 0;
    }
  }
  // Every kind of answer was among them.
  EXPECT_GT(matching, 10'000u);
  EXPECT_GT(refused, 500u);
  EXPECT_GT(unasked, 1'000u);
  EXPECT_GT(unread, 1'000u);
  EXPECT_GT(unselected, 1'000u);
}

Policy NewPolicy(std::string name, Match match) {
  Policy policy;
  policy.name = std::move(name);
  policy.match = std::move(match);
  policy.controls.push_back({.control = nullptr, .mode = Mode::kEnforce, .settings = {}, .fingerprint = {}});
  return policy;
}

LabelSelector Selector(std::string key, std::string value) {
  return {.requirements = {{.key = std::move(key), .op = LabelOperator::kIn, .values = {std::move(value)}}}};
}

constexpr MatchSubject kPod = {.namespace_name = "default", .group = "", .kind = "Pod"};

TEST(PolicyMatcherTest, TheOrderIsThatOfNamesHoweverAPolicyIsFound) {
  Match by_name, by_head, by_labels, by_object, by_kind;
  by_name.include_namespaces = {"default"};
  by_head.include_namespaces = {"def*"};
  by_labels.namespace_selector = Selector("env", "prod");
  by_object.object_selector = Selector("app", "shop");
  by_kind.kinds = {{.kind = "Pod", .group = {}}};
  const PolicySet set({NewPolicy("f", by_name), NewPolicy("e", by_object), NewPolicy("d", by_labels),
                       NewPolicy("c", {}), NewPolicy("b", by_head), NewPolicy("a", by_kind)});
  FixedNamespaces namespaces;
  namespaces.Add("default", {{"env", "prod"}});
  const PolicyMatcher matcher(set, kPod, &namespaces);
  EXPECT_THAT(NamesOf(matcher.FindMatching({{"app", "shop"}}, nullptr)), ElementsAre("a", "b", "c", "d", "e", "f"));
  EXPECT_THAT(NamesOf(matcher.FindMatching({}, nullptr)), ElementsAre("a", "b", "c", "d", "f"));
}

// The object need not be read where no policy can want it, and must be where one may.
TEST(PolicyMatcherTest, AnObjectIsReadWhereItsLabelsDecide) {
  Match match;
  match.object_selector = Selector("app", "shop");
  match.exclude_namespaces = {"kube-*"};
  const PolicySet set({NewPolicy("a", match)});
  MatchSubject subject = kPod;
  EXPECT_TRUE(PolicyMatcher(set, subject, nullptr).MayMatch());
  EXPECT_THAT(PolicyMatcher(set, subject, nullptr).FindMatching({}, nullptr), IsEmpty());
  subject.namespace_name = "kube-system";
  EXPECT_FALSE(PolicyMatcher(set, subject, nullptr).MayMatch());
}

TEST(PolicyMatcherTest, LabelsOfANamespaceAreAskedForOnlyWhereTheyDecide) {
  Match match;
  match.namespace_selector = Selector("env", "prod");
  match.exclude_namespaces = {"kube-*"};
  const PolicySet set({NewPolicy("a", match)});
  const CountingNamespaces namespaces(nullptr);
  MatchSubject subject = kPod;
  subject.namespace_name = "kube-system";
  EXPECT_TRUE(PolicyMatcher(set, subject, &namespaces).namespace_status().ok());
  EXPECT_EQ(namespaces.asked, 0);
  EXPECT_FALSE(PolicyMatcher(set, kPod, &namespaces).namespace_status().ok());
  EXPECT_EQ(namespaces.asked, 1);
}

TEST(PolicyMatcherTest, ASetOfNoneMatchesNothing) {
  const PolicySet none;
  const PolicyMatcher matcher(none, kPod, nullptr);
  EXPECT_FALSE(matcher.MayMatch());
}

}  // namespace
}  // namespace tidewaiter
