// SPDX-License-Identifier: Apache-2.0
//
// Lines, order and limits of what people read.
#include "webhook/engine/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "webhook/engine/finding_groups.h"
#include "webhook/engine/message_limits.h"

namespace tidewaiter {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

JudgedFinding FindingAt(std::string pointer, Mode mode = Mode::kEnforce, std::string requirement = "must x",
                        std::string_view kind = "container", std::string name = "web") {
  Finding finding = {.control = "c",
                     .pointer = std::move(pointer),
                     .container = std::move(name),
                     .subject_kind = kind,
                     .requirement = std::move(requirement),
                     .remedy = "x"};
  static std::deque<Finding> all;  // whose elements stay where they are
  all.push_back(std::move(finding));
  return {.policy = "p", .mode = mode, .is_inherited = false, .finding = &all.back()};
}

std::string DenialMessage(std::vector<JudgedFinding> findings) {
  Decision decision;
  decision.findings = std::move(findings);
  AddMessages({}, decision);
  return decision.message;
}

TEST(MessagesTest, OneLineNamesWhatWhereAndWho) {
  EXPECT_EQ(FindingLine(FindingAt("/spec/containers/0/securityContext/runAsNonRoot")),
            "container \"web\" must x (spec.containers[0].securityContext.runAsNonRoot) [p/c]");
  EXPECT_EQ(DenialMessage({FindingAt("/a")}), "container \"web\" must x (a) [p/c]");
  EXPECT_EQ(DenialMessage({FindingAt("/a"), FindingAt("/b", Mode::kWarn), FindingAt("/c", Mode::kEnforce, "must y")}),
            "2 violations:\n- container \"web\" must x (a) [p/c]\n- container \"web\" must y (c) [p/c]");
}

TEST(MessagesTest, WhatSeveralContainersMustDoIsOneSentence) {
  const auto at = [](const std::string& list, int index, std::string_view kind, const std::string& name) {
    return FindingAt("/spec/" + list + "/" + std::to_string(index) + "/image", Mode::kEnforce, "must x", kind, name);
  };
  std::vector<JudgedFinding> findings = {at("containers", 0, "container", "a"), at("containers", 2, "container", "b"),
                                         at("initContainers", 1, "init container", "i"),
                                         FindingAt("/spec/securityContext/x", Mode::kEnforce, "must x", "pod", "")};
  EXPECT_EQ(DenialMessage(findings),
            "4 violations:\n"
            "- containers \"a\" and \"b\" and init container \"i\" must x (spec.containers[0,2].image, "
            "spec.initContainers[1].image) [p/c]\n"
            "- pod must x (spec.securityContext.x) [p/c]");
  // In a template, and with more than can be named.
  findings.clear();
  for (int i = 0; i < 12; ++i) {
    const std::string n = std::to_string(i);
    findings.push_back(
        FindingAt("/spec/template/spec/containers/" + n, Mode::kEnforce, "must x", "container", "c" + n));
  }
  EXPECT_EQ(DenialMessage(findings),
            "containers \"c0\", \"c1\", \"c2\", \"c3\", \"c4\", \"c5\", \"c6\", \"c7\", \"c8\", \"c9\" and 2 more must "
            "x (spec.template.spec.containers[0,1,2,3,4,5,6,7,8,9,10,11]) [p/c]");
}

TEST(MessagesTest, ADenialIsBounded) {
  std::vector<JudgedFinding> findings;
  for (int i = 0; i < 1000; ++i) findings.push_back(FindingAt("/a", Mode::kEnforce, "must x" + std::to_string(i)));
  const std::string message = DenialMessage(findings);
  EXPECT_LT(message.size(), kMaxDenialBytes + 100);
  EXPECT_THAT(message, ::testing::StartsWith("1000 violations:\n- "));
  EXPECT_THAT(message, EndsWith(" more lines like these"));
  EXPECT_LT(DenialMessage({FindingAt("/a", Mode::kEnforce, std::string(100'000, 'x'))}).size(), kMaxDenialBytes + 1);
}

TEST(MessagesTest, TheStrictestOfSeveralPoliciesSpeaks) {
  Decision decision;
  decision.findings = {FindingAt("/a", Mode::kWarn), FindingAt("/a"), FindingAt("/a", Mode::kAudit)};
  decision.findings[0].policy = "lenient";
  decision.findings[2].policy = "quiet";
  SortFindings(decision.findings);
  EXPECT_EQ(DenialMessage(decision.findings), "container \"web\" must x (a) [p/c]");
  AddMessages({}, decision);
  EXPECT_TRUE(decision.warnings.empty());
  EXPECT_EQ(decision.findings.size(), 3u);  // all are counted
}

TEST(MessagesTest, WhatIsExemptIsOnlyAudited) {
  Decision decision;
  decision.findings = {FindingAt("/a")};
  decision.findings[0].exemption = "legacy";
  EXPECT_FALSE(decision.findings[0].denies());
  AddMessages({}, decision);
  EXPECT_TRUE(decision.warnings.empty());
  ASSERT_EQ(decision.audit_annotations.size(), 1u);
  EXPECT_EQ(decision.audit_annotations[0].key, "exempted-violations");
  EXPECT_EQ(decision.audit_annotations[0].value, "container \"web\" must x (a) [p/c] exempt by legacy");
}

TEST(MessagesTest, SortsByModeThenAsAReaderGoes) {
  std::vector<JudgedFinding> findings = {FindingAt("/spec/containers/10/image", Mode::kWarn),
                                         FindingAt("/spec/containers/2/image", Mode::kWarn),
                                         FindingAt("/spec/containers/2", Mode::kWarn), FindingAt("/z")};
  SortFindings(findings);
  std::vector<std::string> pointers;
  for (const JudgedFinding& judged : findings) pointers.push_back(judged.finding->pointer);
  EXPECT_THAT(pointers, ::testing::ElementsAre("/z", "/spec/containers/2", "/spec/containers/2/image",
                                               "/spec/containers/10/image"));
}

TEST(MessagesTest, ControlCharactersBecomeSpaces) {
  EXPECT_EQ(WithoutControlCharacters("a\nb\tc\x7F"
                                     "d\xC2\x85"
                                     "e\xC3\xA9"),
            "a b c d e\xC3\xA9");
}

TEST(MessagesTest, ALongWarningKeepsWhoSaysIt) {
  Decision decision;
  std::string accents;
  for (int i = 0; i < 200; ++i) accents += "\xC3\xA9";
  decision.findings = {FindingAt("/spec/x", Mode::kWarn, "must " + accents)};
  AddMessages({}, decision);
  ASSERT_EQ(decision.warnings.size(), 1u);
  EXPECT_LE(decision.warnings[0].size(), kMaxWarningBytes);
  EXPECT_THAT(decision.warnings[0], EndsWith("... [p/c]"));
  // Cut between characters: what is left is whole two-byte characters.
  const std::size_t begin = decision.warnings[0].find("\xC3");
  EXPECT_EQ((decision.warnings[0].find("...") - begin) % 2, 0u);
}

TEST(MessagesTest, AllWarningsTogetherStayWithinTheLimitAndTheRestIsCounted) {
  Decision decision;
  for (int i = 0; i < 100; ++i) {
    decision.findings.push_back(
        FindingAt("/spec/containers/" + std::to_string(i), Mode::kWarn, std::to_string(i) + std::string(80, 'x')));
  }
  AddMessages({}, decision);
  std::size_t total = 0;
  for (const std::string& warning : decision.warnings) total += warning.size();
  EXPECT_LE(total, kMaxWarningsBytes);
  EXPECT_THAT(decision.warnings.back(), HasSubstr("more findings: see the audit annotations"));
  const std::size_t shown = decision.warnings.size() - 1;
  EXPECT_THAT(decision.warnings.back(), HasSubstr("and " + std::to_string(100 - shown) + " more"));
  ASSERT_EQ(decision.audit_annotations.size(), 1u);
  EXPECT_LE(decision.audit_annotations[0].value.size(), kMaxAnnotationBytes);
}

TEST(MessagesTest, AnnotationsByMode) {
  Decision decision;
  decision.findings = {FindingAt("/a"), FindingAt("/b", Mode::kWarn), FindingAt("/c", Mode::kAudit)};
  decision.injections = {{.policy = "p", .control = "c", .mode = Mode::kEnforce, .pointer = "/d", .value = "true"},
                         {.policy = "p", .control = "c", .mode = Mode::kWarn, .pointer = "/e", .value = "1"},
                         {.policy = "p", .control = "c", .mode = Mode::kWarn, .pointer = "/f", .value = "2"}};
  AddMessages({"note"}, decision);
  std::vector<std::string> keys;
  for (const AuditAnnotation& annotation : decision.audit_annotations) {
    EXPECT_EQ(annotation.key.find('/'), std::string::npos);
    keys.push_back(annotation.key + ": " + annotation.value);
  }
  EXPECT_THAT(keys, ::testing::ElementsAre("enforce-violations: container \"web\" must x (a) [p/c]",
                                           "warn-violations: container \"web\" must x (b) [p/c]",
                                           "audit-violations: container \"web\" must x (c) [p/c]",
                                           "injected: d=true [p/c]", "would-inject: e=1 [p/c]; f=2 [p/c]"));
  // A finding that denies is in the denial, not in the warnings.
  EXPECT_THAT(decision.warnings,
              ::testing::ElementsAre("container \"web\" must x (b) [p/c]", "would set e=1 and 1 more [p/c]", "note"));
}

}  // namespace
}  // namespace tidewaiter
