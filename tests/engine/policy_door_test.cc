// SPDX-License-Identifier: Apache-2.0
//
// PodPolicy objects at their door.
#include "webhook/engine/policy_door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/engine/respond.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kGood[] = R"({"controls":{"image-tag":{}}})";
constexpr char kBad[] = R"({"controls":{"imag-tag":{}}})";

std::string Object(std::string_view spec, std::string_view metadata = "") {
  return StrCat(R"({"apiVersion":"tidewaiter.dev/v1alpha1","kind":"PodPolicy","metadata":{"name":"a")", metadata,
                R"(},"spec":)", spec, "}");
}

// The fields of a request from "operation" on.
Answer Ask(std::string_view rest, std::string_view kind = "PodPolicy") {
  const auto policies = ParsePolicies(
      "apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: file}\nspec:\n  controls:\n    "
      "resources: "
      "{maximum: {limits: {memory: 1Gi}}}\n  workloads:\n    - {group: a.io, kind: Rollout, template: "
      "/spec/template}\n",
      "file.yaml");
  const std::string review =
      StrCat(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","kind":{"group":)",
             R"("tidewaiter.dev","version":"v1alpha1","kind":")", kind, R"("},"name":"a",)", rest, "}}");
  return Review(Door::kValidatePolicy, {.policies = **policies, .today = Date(2026, 11, 24), .namespaces = nullptr},
                review);
}
Answer Create(std::string_view spec) { return Ask(StrCat(R"("operation":"CREATE","object":)", Object(spec))); }
Answer Update(std::string_view spec, std::string_view old, std::string_view metadata = "") {
  return Ask(StrCat(R"("operation":"UPDATE","object":)", Object(spec, metadata), R"(,"oldObject":)", Object(old)));
}

TEST(PolicyDoorTest, AGoodOnePasses) {
  const Answer answer = Create(kGood);
  EXPECT_EQ(answer.decision.outcome, Outcome::kAllow) << answer.body;
  EXPECT_EQ(DoorName(answer.decision.door), "validate-policy");
  EXPECT_THAT(answer.body, HasSubstr(R"("allowed":true)"));
}

TEST(PolicyDoorTest, ABadOneIsInvalidInTheReadersWords) {
  const Answer answer = Create(kBad);
  EXPECT_EQ(answer.decision.outcome, Outcome::kRefuse);
  EXPECT_EQ(answer.decision.message,
            "podpolicy/a: spec.controls.imag-tag: unknown control; did you mean \"image-tag\"?");
  EXPECT_THAT(answer.body, HasSubstr(R"("reason":"Invalid","code":422)"));
}

TEST(PolicyDoorTest, WhatLeavesTheSpecAloneAlwaysPasses) {
  const std::pair<const char*, Answer> rows[] = {
      {"labels", Update(kBad, kBad, R"(,"labels":{"a":"b"})")},
      {"deletion under way", Update(kBad, kGood, R"(,"deletionTimestamp":"2026-01-01T00:00:00Z")")},
      {"deletion", Ask(R"("operation":"DELETE","oldObject":)" + Object(kBad))},
      {"status", Ask(R"("operation":"UPDATE","subResource":"status","object":)" + Object(kBad))},
  };
  for (const auto& [name, answer] : rows) EXPECT_EQ(answer.decision.outcome, Outcome::kAllow) << name;
  EXPECT_EQ(Update(kBad, kGood).decision.outcome, Outcome::kRefuse);
  EXPECT_EQ(Ask(R"("operation":"CREATE")").decision.outcome, Outcome::kRefuse);
}

TEST(PolicyDoorTest, Warnings) {
  EXPECT_THAT(Create(R"({"controls":{"image-tag":{}},"exemptions":[{"name":"e","reason":"r","controls":["*"],
      "match":{"names":["x"]},"until":"2026-01-01"}]})")
                  .decision.warnings,
              ElementsAre("podpolicy/a: a: exemption \"e\" is over and excuses nothing any more: its last day was "
                          "2026-01-01"));
  EXPECT_THAT(
      Create(R"({"controls":{"resources":{"inject":{"limits":{"memory":"2Gi"}}}}})").decision.warnings,
      ElementsAre(HasSubstr("podpolicy/a: a: resources.inject.limits.memory 2Gi is above the maximum 1Gi of ")));
  EXPECT_THAT(Create(R"({"controls":{"image-tag":null}})").decision.warnings,
              ElementsAre(HasSubstr("podpolicy/a: spec.controls.image-tag: write {} for its defaults")));
  const Answer shadowed = Ask(
      R"("operation":"CREATE","object":{"apiVersion":"tidewaiter.dev/v1alpha1","kind":"PodPolicy","metadata":{"name":"file"},"spec":{"controls":{"image-tag":{}}}})");
  EXPECT_EQ(shadowed.decision.outcome, Outcome::kWarn);
  EXPECT_THAT(
      shadowed.decision.warnings,
      ElementsAre("podpolicy/file: will not be in force: the policy at file.yaml:1 has the same name and wins"));
}

TEST(PolicyDoorTest, KindsThatAnotherPolicyExplainsAreKnown) {
  EXPECT_EQ(Create(R"({"controls":{"image-tag":{}},"match":{"kinds":["Rollout"]}})").decision.outcome, Outcome::kAllow);
  EXPECT_EQ(Create(R"({"controls":{"image-tag":{}},"match":{"kinds":["Rolout"]}})").decision.outcome, Outcome::kRefuse);
}

TEST(PolicyDoorTest, OtherKindsAreRefused) {
  const Answer answer = Ask(R"("operation":"CREATE","object":{})", "Pod");
  EXPECT_EQ(answer.decision.error_reason, "unsupported_kind");
  EXPECT_THAT(answer.decision.message, HasSubstr("is no PodPolicy"));
  EXPECT_THAT(answer.decision.warnings, IsEmpty());
}

}  // namespace
}  // namespace tidewaiter
