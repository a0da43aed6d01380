// SPDX-License-Identifier: Apache-2.0
//
// The policies in policies/: each is loaded, is what its name says, and is tried on the captured reviews.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/fixtures.h"
#include "tests/testing/reviews.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

fs::path PolicyFolder() { return fs::path(TESTS_DIR).parent_path() / "policies"; }

std::shared_ptr<const PolicySet> Load(const std::string& name) {
  const auto policies = LoadPolicies({(PolicyFolder() / (name + ".yaml")).string()});
  EXPECT_TRUE(policies.ok()) << policies.status();
  return policies.ok() ? *policies : std::make_shared<const PolicySet>();
}

nlohmann::json CapturedReview(const char* name) {
  return nlohmann::json::parse(ReadTestFile(fs::path(TESTS_DIR) / "fixtures" / "reviews" / name));
}

Decision Ask(Door door, const std::string& policy, const nlohmann::json& review) {
  const auto policies = Load(policy);
  return Review(door, {*policies}, review.dump()).decision;
}

TEST(ShippedPoliciesTest, EachIsNamedAsItsFileAndExplained) {
  const std::string readme = ReadTestFile(PolicyFolder() / "README.md");
  int count = 0;
  for (const auto& entry : fs::directory_iterator(PolicyFolder())) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string name = entry.path().stem();
    const auto policies = Load(name);
    ASSERT_EQ(policies->policies().size(), 1u);
    EXPECT_EQ(policies->policies()[0].name, name);
    EXPECT_THAT(readme, HasSubstr(StrCat("[", name, ".yaml](", name, ".yaml)")));
    EXPECT_THAT(ReadTestFile(entry.path()), StartsWith("# yaml-language-server: $schema=podpolicy.schema.json\n# "));
    ++count;
  }
  EXPECT_EQ(count, 5);
  const auto all = LoadPolicies({PolicyFolder().string()});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ((*all)->policies().size(), 5u);
}

TEST(ShippedPoliciesTest, ObserveTellsAndTouchesNothing) {
  for (const auto& entry : fs::directory_iterator(fs::path(TESTS_DIR) / "fixtures" / "reviews")) {
    const nlohmann::json review = nlohmann::json::parse(ReadTestFile(entry.path()));
    for (const Door door : {Door::kMutate, Door::kValidate}) {
      const Decision decision = Ask(door, "observe", review);
      EXPECT_EQ(decision.outcome, Outcome::kAllow) << entry.path();
      EXPECT_TRUE(decision.warnings.empty()) << entry.path();
      EXPECT_TRUE(decision.patch.empty()) << entry.path();
    }
  }
  EXPECT_GT(Ask(Door::kMutate, "observe", CapturedReview("create-pod.json")).injections.size(), 5u);
  EXPECT_GT(Ask(Door::kValidate, "observe", CapturedReview("create-pod.json")).findings.size(), 2u);
}

// observe.yaml must not fall behind: what production would deny or inject, it tells.
TEST(ShippedPoliciesTest, ObserveKnowsWhatProductionAsks) {
  const auto ids = [](const std::string& name) {
    std::vector<std::string_view> all;
    const auto policies = Load(name);
    for (const AppliedControl& applied : policies->policies()[0].controls) all.push_back(applied.control->info.id);
    return all;
  };
  EXPECT_EQ(ids("observe"), ids("production"));
}

TEST(ShippedPoliciesTest, BaselineLetsAPlainPodThroughAndClosesTheNode) {
  nlohmann::json review = CapturedReview("create-pod.json");
  EXPECT_EQ(Ask(Door::kValidate, "pod-security-baseline", review).outcome, Outcome::kAllow);
  EXPECT_EQ(Ask(Door::kMutate, "pod-security-baseline", review).patch, "");
  review["request"]["object"]["spec"]["hostPID"] = true;
  const Decision denied = Ask(Door::kValidate, "pod-security-baseline", review);
  EXPECT_EQ(denied.message, "pod must not set hostPID=true (spec.hostPID) [pod-security-baseline/host-namespaces]");
}

// A plain Pod that sets nothing is admitted, hardened.
TEST(ShippedPoliciesTest, RestrictedHardensAPlainPod) {
  for (const char* name : {"create-pod.json", "create-pod-by-replicaset.json", "create-pod-by-statefulset.json"}) {
    nlohmann::json review = CapturedReview(name);
    EXPECT_EQ(Ask(Door::kValidate, "pod-security-restricted", review).outcome, Outcome::kDeny) << name;
    const auto policies = Load("pod-security-restricted");
    const Answer mutated = Review(Door::kMutate, {*policies}, review.dump());
    nlohmann::json& object = review["request"]["object"];
    object = object.patch(PatchOf(nlohmann::json::parse(mutated.body)));
    EXPECT_EQ(Ask(Door::kValidate, "pod-security-restricted", review).outcome, Outcome::kAllow) << name;
  }
}

TEST(ShippedPoliciesTest, ProductionDeniesUnpinnedImages) {
  const Decision denied = Ask(Door::kValidate, "production", CapturedReview("create-deployment.json"));
  EXPECT_EQ(denied.outcome, Outcome::kDeny);
  EXPECT_THAT(denied.message, HasSubstr("[production/image-digest]"));
}

TEST(ShippedPoliciesTest, ProductionGivesASmallRequestALimitInProportion) {
  nlohmann::json review = CapturedReview("create-pod.json");
  review["request"]["object"]["spec"]["containers"][0]["resources"] = {{"requests", {{"memory", "20Mi"}}}};
  const Decision mutated = Ask(Door::kMutate, "production", review);
  EXPECT_THAT(mutated.patch, HasSubstr("160Mi"));
  const Answer answer = Review(Door::kMutate, {*Load("production")}, review.dump());
  nlohmann::json& object = review["request"]["object"];
  object = object.patch(PatchOf(nlohmann::json::parse(answer.body)));
  const Decision validated = Ask(Door::kValidate, "production", review);
  for (const JudgedFinding& judged : validated.findings) EXPECT_NE(judged.finding->control, "resources");
}

}  // namespace
}  // namespace tidewaiter
