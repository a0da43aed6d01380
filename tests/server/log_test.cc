// SPDX-License-Identifier: Apache-2.0
//
// Log lines, read back through a pipe.
#include "webhook/server/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/testing/pipe.h"

namespace tidewaiter {
namespace {

Decision DecisionWith(Outcome outcome) {
  Decision decision;
  decision.outcome = outcome;
  decision.uid = "u";
  decision.kind = "Pod";
  decision.name = "bad \xFF name\n";
  decision.user = "me";
  decision.message = "no";
  decision.found.push_back(
      {{.control = "c", .pointer = "/x", .container = "", .subject_kind = "pod", .requirement = "must", .remedy = ""}});
  decision.findings.push_back(
      {.policy = "p", .mode = Mode::kEnforce, .is_inherited = false, .finding = &decision.found.front().front()});
  decision.injections.push_back({.policy = "p", .control = "c", .mode = Mode::kEnforce, .pointer = "/y", .value = "1"});
  return decision;
}

TEST(LogTest, ADecisionIsOneJsonLine) {
  Pipe pipe;
  Log(LogLevel::kInfo, pipe.writer()).WriteDecision(DecisionWith(Outcome::kDeny), std::chrono::microseconds(42));
  const std::string text = pipe.Read();
  ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const nlohmann::json line = nlohmann::json::parse(text);
  EXPECT_EQ(line["level"], "warn");
  EXPECT_EQ(line["decision"], "deny");
  EXPECT_EQ(line["door"], "validate");
  EXPECT_EQ(line["name"], "bad \xEF\xBF\xBD name\n");
  EXPECT_EQ(line["user"], "me");
  EXPECT_EQ(line["duration_us"], 42);
  EXPECT_EQ(line["findings"][0]["pointer"], "/x");
  EXPECT_EQ(line["findings"][0]["message"], "pod must");
  EXPECT_EQ(line["injections"][0]["value"], "1");
}

TEST(LogTest, LevelsByOutcome) {
  const std::pair<Outcome, const char*> rows[] = {{Outcome::kError, "error"}, {Outcome::kDeny, "warn"},
                                                  {Outcome::kRefuse, "warn"}, {Outcome::kWarn, "info"},
                                                  {Outcome::kPatch, "info"},  {Outcome::kAllow, "debug"}};
  for (const auto& [outcome, level] : rows) {
    Pipe pipe;
    Log(LogLevel::kDebug, pipe.writer()).WriteDecision(DecisionWith(outcome), {});
    EXPECT_EQ(nlohmann::json::parse(pipe.Read())["level"], level);
  }
  Pipe pipe;
  const Log log(LogLevel::kError, pipe.writer());
  log.WriteDecision(DecisionWith(Outcome::kDeny), {});
  log.Write(LogLevel::kWarn, "x");
  EXPECT_EQ(pipe.Read(), "");
}

TEST(LogTest, WhatWasOnlyAuditedIsToldAtInfo) {
  Decision decision = DecisionWith(Outcome::kAllow);
  decision.audit_annotations.push_back({"audit-violations", "x"});
  Pipe pipe;
  Log(LogLevel::kInfo, pipe.writer()).WriteDecision(decision, {});
  EXPECT_EQ(nlohmann::json::parse(pipe.Read())["decision"], "allow");
}

TEST(LogTest, SurvivesAClosedDescriptor) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  close(ends[1]);
  Log(LogLevel::kInfo, ends[1]).Write(LogLevel::kError, "nobody hears", {{"key", "value"}});
}

TEST(LogTest, LevelNames) {
  EXPECT_EQ(LogLevelFromName("warn"), LogLevel::kWarn);
  EXPECT_EQ(LogLevelFromName("loud"), std::nullopt);
}

}  // namespace
}  // namespace tidewaiter
