// SPDX-License-Identifier: Apache-2.0
//
// Policies that load and are odd, one by one and in pairs.
#include "webhook/policy/policy_warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Date kToday(2027, 6, 30);

std::string PolicyText(std::string_view name, std::string_view spec) {
  return StrCat("---\napiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: ", name, "}\nspec:\n",
                spec);
}

std::vector<std::string> WarningsOf(const std::string& text) {
  const auto policies = ParsePolicies(text, "f");
  if (!policies.ok()) return {policies.status().ToString()};
  return FindPolicyWarnings(**policies, kToday);
}

TEST(PolicyWarningsTest, ExemptionsThatAreOver) {
  const auto until = [](std::string_view day) {
    return PolicyText("a", StrCat("  controls: {image-tag: {}}\n  exemptions:\n    - {name: e, reason: r, controls: "
                                  "[image-tag], match: {names: [x]}, until: \"",
                                  day, "\"}\n"));
  };
  EXPECT_THAT(WarningsOf(until("2027-06-30")), IsEmpty());
  EXPECT_THAT(WarningsOf(until("2027-06-29")),
              ElementsAre("f:2: a: exemption \"e\" is over and excuses nothing any more: its last day was 2027-06-29"));
}

TEST(PolicyWarningsTest, DefaultsThatAnotherPolicyDenies) {
  const std::string injects = PolicyText("a", "  controls: {resources: {inject: {limits: {memory: 1Gi, cpu: 1}}}}\n");
  const auto maximum = [](std::string_view mode) {
    return PolicyText("b", StrCat("  controls: {resources: {mode: ", mode, ", maximum: {limits: {memory: 512Mi}}}}\n"));
  };
  EXPECT_THAT(
      WarningsOf(injects + maximum("enforce")),
      ElementsAre("f:2: a: resources.inject.limits.memory 1Gi is above the maximum 512Mi of policy \"b\" (f:8): "
                  "where both apply, what the one injects the other denies"));
  EXPECT_THAT(WarningsOf(injects + maximum("warn")), IsEmpty());
  EXPECT_THAT(WarningsOf(injects), IsEmpty());
}

}  // namespace
}  // namespace tidewaiter
