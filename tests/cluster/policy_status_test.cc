// SPDX-License-Identifier: Apache-2.0
//
// Watching PodPolicy objects and writing their status, with a server that keeps a few.
#include "webhook/cluster/policy_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cluster/testing/fake_api_server.h"
#include "tests/testing/tls_client.h"

namespace tidewaiter {
namespace {

using std::chrono::seconds;
using State = ResourceOutcome::State;

ResourceOutcome Outcome(State state = State::kApplied) {
  return {.name = "a",
          .uid = "u",
          .generation = 3,
          .state = state,
          .error = "why",
          .keeps_last_good = false,
          .controls = 2};
}

TEST(PolicyStatusTest, SaysWhatBecameOfIt) {
  const Json good = PolicyStatus(Outcome(), {.enforce = 1, .warn = 2, .audit = 3}, nullptr, 60);
  EXPECT_EQ(good, Json::parse(R"({"observedGeneration":3,"controls":2,"findings":{"enforce":1,"warn":2,"audit":3},
      "conditions":[{"type":"Ready","status":"True","reason":"Applied","message":"applies 2 controls",
                     "observedGeneration":3,"lastTransitionTime":"1970-01-01T00:01:00Z"}]})"));
  ResourceOutcome outcome = Outcome(State::kInvalid);
  outcome.keeps_last_good = true;
  const Json bad = PolicyStatus(outcome, {}, &good, 120)["conditions"][0];
  EXPECT_EQ(bad["status"], "False");
  EXPECT_EQ(bad["reason"], "Invalid");
  EXPECT_EQ(bad["message"], "why\nthe last good version stays in force");
  EXPECT_EQ(bad["lastTransitionTime"], "1970-01-01T00:02:00Z");
  EXPECT_EQ(PolicyStatus(Outcome(State::kShadowed), {}, nullptr, 0)["conditions"][0]["reason"], "Shadowed");
}

TEST(PolicyStatusTest, TheTimeOfATransitionStaysWhileNothingChanges) {
  const Json first = PolicyStatus(Outcome(), {}, nullptr, 60);
  EXPECT_EQ(PolicyStatus(Outcome(), {}, &first, 120), first);
  const Json odd = {{"conditions", {1, "x", {{"type", "Ready"}}}}};
  EXPECT_EQ(PolicyStatus(Outcome(), {}, &odd, 60), first);
}

class PolicyStatusWriterTest : public ::testing::Test {
 protected:
  PolicyStatusWriterTest() {
    server_.SetOverride([this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      if (request.method == "PATCH") {
        patches_.push_back(request.path + " " + request.body);
        if (code_ != 200) {
          FakeApiServer::Refuse(response, code_, code_ == 404 ? "NotFound" : "Conflict");
        } else {
          response.set_content("{}", "application/json");
        }
        return true;
      }
      if (request.has_param("watch")) {
        response.set_content("", "application/json");
        return true;
      }
      Json object = {{"metadata", {{"name", "a"}, {"uid", "u"}, {"generation", 3}}}, {"spec", {{"mode", "warn"}}}};
      if (!status_.is_null()) object["status"] = status_;
      response.set_content(
          Json({{"kind", "PodPolicyList"}, {"metadata", {{"resourceVersion", "7"}}}, {"items", Json::array({object})}})
              .dump(),
          "application/json");
      return true;
    });
  }
  void Watch() {
    watch_ = std::make_unique<PolicyWatch>(client_);
    watch_->Start();
    ASSERT_EQ(watch_->WaitForChange(0, seconds(10)), 1u);
    writer_ = std::make_unique<PolicyStatusWriter>(
        client_, *watch_, PolicyStatusOptions{.clock = [this] { return now_; }, .wall_clock = [] { return 60; }});
  }
  absl::Status Write(std::uint64_t warned = 0, State state = State::kApplied) {
    return writer_->WriteDue({Outcome(state)}, {{"a", {.enforce = 0, .warn = warned, .audit = 0}}}, cancellation_);
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return patches_.size();
  }

  FakeApiServer server_;
  ApiClient client_{server_.Config()};
  Cancellation cancellation_;
  std::mutex mutex_;
  std::vector<std::string> patches_;
  int code_ = 200;
  Json status_;
  std::chrono::steady_clock::time_point now_;
  std::unique_ptr<PolicyWatch> watch_;
  std::unique_ptr<PolicyStatusWriter> writer_;
};

TEST_F(PolicyStatusWriterTest, TheWatchKeepsWhatIsRead) {
  Watch();
  const std::vector<PolicyResource> resources = watch_->Resources();
  ASSERT_EQ(resources.size(), 1u);
  EXPECT_EQ(resources[0].generation, 3);
  EXPECT_THAT(*resources[0].text, ::testing::HasSubstr(R"("kind":"PodPolicy")"));
  EXPECT_THAT(*resources[0].text, ::testing::Not(::testing::HasSubstr("resourceVersion")));
  EXPECT_EQ(watch_->FindStatus("a", "u"), nullptr);
  EXPECT_EQ(watch_->WaitForChange(1, std::chrono::milliseconds(1)), 1u);
}

TEST_F(PolicyStatusWriterTest, WritesOnceAndNotTooOften) {
  Watch();
  EXPECT_TRUE(Write().ok());
  ASSERT_EQ(count(), 1u);
  EXPECT_THAT(patches_[0], ::testing::StartsWith("/apis/tidewaiter.dev/v1alpha1/podpolicies/a/status "));
  EXPECT_THAT(patches_[0], ::testing::HasSubstr(R"("metadata":{"uid":"u"})"));
  now_ += seconds(1);
  EXPECT_TRUE(Write().ok());
  EXPECT_EQ(count(), 1u);
  now_ += seconds(1);
  EXPECT_TRUE(Write().ok());
  EXPECT_EQ(count(), 2u) << "the watch does not show what was written";
}

TEST_F(PolicyStatusWriterTest, WhatIsRightIsNotWritten) {
  status_ = PolicyStatus(Outcome(), {}, nullptr, 5);
  Watch();
  EXPECT_TRUE(Write().ok());
  EXPECT_EQ(count(), 0u);
  EXPECT_TRUE(Write(1).ok());
  EXPECT_EQ(count(), 1u);
  now_ += seconds(59);
  EXPECT_TRUE(Write(2).ok());
  EXPECT_EQ(count(), 1u) << "for findings alone once a minute";
  EXPECT_TRUE(Write(2, State::kInvalid).ok());
  EXPECT_EQ(count(), 2u);
}

TEST_F(PolicyStatusWriterTest, WhatIsGoneIsNoFailure) {
  Watch();
  for (const auto& [code, is_ok] : {std::pair(404, true), {409, true}, {403, false}}) {
    code_ = code;
    EXPECT_EQ(Write().ok(), is_ok) << code;
    now_ += seconds(10);
  }
}

}  // namespace
}  // namespace tidewaiter
