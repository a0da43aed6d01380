// SPDX-License-Identifier: Apache-2.0
//
// What must hold of every patch, over all fixtures of all controls and all workload kinds; patches are applied by
// nlohmann_json's RFC 6902, which shares nothing with ours.
#include <gtest/gtest.h>

#include <set>

#include "tests/testing/fixtures.h"
#include "tests/testing/policies.h"
#include "tests/testing/reviews.h"
#include "webhook/engine/injector.h"

namespace tidewaiter {
namespace {

using nlohmann::json;

json Ask(Door door, const PolicySet& policies, const json& review) {
  return json::parse(Respond(door, {policies}, review.dump()));
}

// JSON pointers where two documents differ.
std::set<std::string> ChangedPointers(const json& before, const json& after) {
  std::set<std::string> pointers;
  for (const json& operation : json::diff(before, after)) {
    EXPECT_EQ(operation.at("op"), "add") << operation;  // nothing is replaced or taken away
    std::string pointer = operation.at("path");
    if (pointer.ends_with("/-")) pointer.resize(pointer.size() - 2);  // an element behind the last one
    pointers.insert(pointer);
  }
  return pointers;
}

// The document without what was taken out of it: the injections without a value, the last element of a list first.
json WithoutRemoved(json before, const std::vector<Injection>& injections) {
  for (auto injection = injections.rbegin(); injection != injections.rend(); ++injection) {
    if (injection->value == "null") before = before.patch({{{"op", "remove"}, {"path", injection->pointer}}});
  }
  return before;
}

bool IsPrefix(const std::string& prefix, const std::string& pointer) {
  return pointer == prefix || pointer.starts_with(prefix + "/");
}

TEST(InvariantsTest, ThePatchMakesTheEditedPodAndNothingElse) {
  int patched = 0;
  for (const ControlFixture& fixture : AllFixtures()) {
    SCOPED_TRACE(fixture.name);
    const PolicySet policies = PolicySetOf(*fixture.control, ParseFixtureSettings(fixture), Mode::kEnforce);
    const json review = NewReview(fixture.pod);
    const Answer answer = Review(Door::kMutate, {policies}, review.dump());
    const json body = json::parse(answer.body);
    ASSERT_TRUE(body["response"]["allowed"]);
    EXPECT_EQ(body["response"].contains("patch"), body["response"].contains("patchType"));
    EXPECT_EQ(body["response"].contains("patch"), !fixture.injected.empty());

    const json after = fixture.pod.patch(PatchOf(body));
    Pod edited = DecodeFixturePod(fixture.pod);
    Inject({{.policy = &policies.policies()[0], .exemptions = {}}}, InjectionKind::kEnforced, EditScope{}, "", true,
           edited);
    EXPECT_EQ(DecodeFixturePod(after), edited);

    for (const std::string& pointer : ChangedPointers(WithoutRemoved(fixture.pod, answer.decision.injections), after)) {
      bool is_recorded = false;
      for (const Injection& injection : answer.decision.injections) {
        is_recorded = is_recorded || IsPrefix(pointer, injection.pointer) || IsPrefix(injection.pointer, pointer);
      }
      EXPECT_TRUE(is_recorded) << pointer;
    }
    for (const Injection& injection : answer.decision.injections) {
      if (injection.value == "null") continue;
      EXPECT_EQ(after.at(json::json_pointer(injection.pointer)), json::parse(injection.value)) << injection.pointer;
    }

    // Twice is once.
    const json again = Ask(Door::kMutate, policies, NewReview(after));
    EXPECT_TRUE(PatchOf(again).empty()) << PatchOf(again);

    // What was injected passes its own check.
    const Answer judged = Review(Door::kValidate, {policies}, NewReview(after).dump());
    for (const JudgedFinding& finding : judged.decision.findings) {
      for (const Injection& injection : answer.decision.injections) {
        EXPECT_NE(finding.finding->pointer, injection.pointer);
      }
    }
    patched += fixture.injected.empty() ? 0 : 1;
  }
  EXPECT_GT(patched, 10);
}

TEST(InvariantsTest, TemplatesAreJudgedAsTheirPodsWillBeAndNeverRewritten) {
  for (const ControlFixture& fixture : AllFixtures()) {
    const PolicySet policies = PolicySetOf(*fixture.control, ParseFixtureSettings(fixture), Mode::kEnforce);
    const json created = fixture.pod.patch(PatchOf(Ask(Door::kMutate, policies, NewReview(fixture.pod))));
    const bool pod_is_allowed = Ask(Door::kValidate, policies, NewReview(created))["response"]["allowed"];
    for (const WrappedPod& wrapped : WrapInEveryKind(fixture.pod)) {
      SCOPED_TRACE(fixture.name + " in " + wrapped.kind);
      if (wrapped.kind == "Pod") continue;
      const json review = NewReview(wrapped.object, wrapped.group, wrapped.kind);
      const json mutated = Ask(Door::kMutate, policies, review);
      EXPECT_TRUE(PatchOf(mutated).empty());
      EXPECT_TRUE(mutated["response"]["allowed"]);
      EXPECT_EQ(Ask(Door::kValidate, policies, review)["response"]["allowed"], pod_is_allowed);
    }
  }
}

TEST(InvariantsTest, FindingsPointIntoTheObject) {
  const std::string prefix = "/spec/jobTemplate/spec/template/";
  for (const ControlFixture& fixture : AllFixtures()) {
    const PolicySet policies = PolicySetOf(*fixture.control, ParseFixtureSettings(fixture), Mode::kAudit);
    const json object = {{"spec", {{"jobTemplate", {{"spec", {{"template", fixture.pod}}}}}}}};
    const Answer answer = Review(Door::kValidate, {policies}, NewReview(object, "batch", "CronJob").dump());
    for (const JudgedFinding& judged : answer.decision.findings) {
      const std::string& pointer = judged.finding->pointer;
      EXPECT_TRUE(pointer == kNamespacePointer || pointer.starts_with(prefix + "spec/") ||
                  pointer.starts_with(prefix + "metadata/"))
          << pointer;
    }
  }
}

TEST(InvariantsTest, OnlyEnforceTouchesAWorkload) {
  for (const ControlFixture& fixture : AllFixtures()) {
    for (const Mode mode : {Mode::kWarn, Mode::kAudit}) {
      SCOPED_TRACE(fixture.name + " " + std::string(ModeName(mode)));
      const PolicySet policies = PolicySetOf(*fixture.control, ParseFixtureSettings(fixture), mode);
      json review = NewReview(fixture.pod);
      review["request"]["namespace"] = fixture.namespace_name;
      const Answer mutated = Review(Door::kMutate, {policies}, review.dump());
      EXPECT_TRUE(mutated.decision.patch.empty());
      EXPECT_EQ(mutated.decision.injections.size(), fixture.injected.size());  // and yet it says what it would do
      const Answer judged = Review(Door::kValidate, {policies}, review.dump());
      EXPECT_TRUE(judged.decision.is_allowed());
      // Judged after what would have been injected.
      const auto& expected = fixture.injected.empty() ? fixture.findings : fixture.remaining;
      EXPECT_EQ(judged.decision.findings.size(), expected.size());
      EXPECT_EQ(judged.decision.warnings.empty(), mode == Mode::kAudit || expected.empty());
    }
  }
}

TEST(InvariantsTest, WhatIsExemptIsNotInjected) {
  for (const ControlFixture& fixture : AllFixtures()) {
    SCOPED_TRACE(fixture.name);
    Policy policy = PolicySetOf(*fixture.control, ParseFixtureSettings(fixture), Mode::kEnforce).policies()[0];
    Exemption everyone;
    everyone.name = "everyone";
    everyone.names = {"*"};
    policy.exemptions.push_back(std::move(everyone));
    const PolicySet policies({std::move(policy)});
    EXPECT_TRUE(PatchOf(Ask(Door::kMutate, policies, NewReview(fixture.pod))).empty());
    EXPECT_TRUE(Ask(Door::kValidate, policies, NewReview(fixture.pod))["response"]["allowed"]);
  }
}

TEST(InvariantsTest, NothingIsInjectedWhereTheApiServerWouldRefuseIt) {
  for (const ControlFixture& fixture : AllFixtures()) {
    SCOPED_TRACE(fixture.name);
    const PolicySet policies = PolicySetOf(*fixture.control, ParseFixtureSettings(fixture), Mode::kEnforce);
    json mirror = fixture.pod;
    mirror["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "x";
    EXPECT_TRUE(PatchOf(Ask(Door::kMutate, policies, NewReview(mirror))).empty());
    for (const std::string subresource : {"", "resize", "status", "unknown"}) {
      EXPECT_TRUE(PatchOf(Ask(Door::kMutate, policies, UpdateReview(fixture.pod, fixture.pod, subresource))).empty());
    }
    // Of an ephemeral container only its securityContext may be set, and only while it is new.
    json without = fixture.pod;
    without["spec"].erase("ephemeralContainers");
    const json patch = PatchOf(Ask(Door::kMutate, policies, UpdateReview(fixture.pod, without, "ephemeralcontainers")));
    for (const json& operation : patch) {
      const std::string path = operation["path"];
      EXPECT_TRUE(path.starts_with("/spec/ephemeralContainers/") && path.find("/securityContext") != std::string::npos)
          << path;
    }
    EXPECT_TRUE(
        PatchOf(Ask(Door::kMutate, policies, UpdateReview(fixture.pod, fixture.pod, "ephemeralcontainers"))).empty());
  }
}

}  // namespace
}  // namespace tidewaiter
