// SPDX-License-Identifier: Apache-2.0
//
// An explanation says what happened: it is held against the decisions of both doors, for every captured review, every
// shipped policy and many ways to match; and the words of each reason.
#include "webhook/engine/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/fixtures.h"
#include "tests/testing/policies.h"
#include "tests/testing/reviews.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// Policies that each find something in every workload, one for each way to match.
std::string ManyPolicies() {
  const char* matches[] = {
      "{}",
      "{namespaces: {include: [default, \"shop-*\"]}}",
      "{namespaces: {include: [shop]}}",
      "{namespaces: {exclude: [\"def*\"]}}",
      "{namespaces: {include: [\"*\"], exclude: [kube-system, default]}}",
      "{kinds: [Pod]}",
      "{kinds: [Deployment, Job]}",
      "{namespaceSelector: {matchLabels: {env: prod}}}",
      "{namespaceSelector: {matchLabels: {env: dev}}}",
      "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}}",
      "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}}",
      "{namespaceSelector: {matchExpressions: [{key: env, operator: NotIn, values: [prod]}]}}",
      "{namespaceSelector: {matchExpressions: [{key: missing, operator: DoesNotExist}]}}",
      "{objectSelector: {matchLabels: {app: shop}}}",
      "{objectSelector: {matchExpressions: [{key: app, operator: Exists}]}}",
      "{objectSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}",
      "{kinds: [Deployment], objectSelector: {matchLabels: {app: shop}}, namespaces: {include: [default]}}",
  };
  std::string text;
  int number = 0;
  for (const char* match : matches) {
    for (const char* mode : {"enforce", "audit"}) {
      StrAppend(&text, "---\napiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: p", number++,
                "}\nspec:\n  mode: ", mode, "\n  match: ", match,
                "\n  controls: {required-labels: {required: {nobody-has-this: []}}}\n");
    }
  }
  return text;
}

std::vector<std::pair<std::string, json>> CapturedReviews() {
  std::vector<std::pair<std::string, json>> reviews;
  for (const auto& entry : fs::directory_iterator(fs::path(TESTS_DIR) / "fixtures" / "reviews")) {
    reviews.emplace_back(entry.path().filename(), json::parse(ReadTestFile(entry.path())));
  }
  return reviews;
}

// Gives the explanation of a review to `use`, while the texts live.
template <typename Use>
void WithExplanation(const json& review, const ReviewContext& context, Use use) {
  const std::string text = review.dump();
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
  ASSERT_TRUE(document.ok());
  const absl::StatusOr<AdmissionRequest> request = DecodeAdmissionRequest(document->root());
  ASSERT_TRUE(request.ok()) << request.status();
  use(Explain(*request, context), *request);
}

std::vector<std::string> Lines(const std::vector<Injection>& injections, Mode mode) {
  std::vector<std::string> lines;
  for (const Injection& injection : injections) {
    if ((injection.mode == Mode::kEnforce) != (mode == Mode::kEnforce)) continue;
    lines.push_back(StrCat(injection.policy, "/", injection.control, " ", injection.pointer, "=", injection.value));
  }
  return lines;
}

// A policy applies if and only if it finds something: each of these always would.
TEST(ExplanationTest, SaysWhoApplies) {
  const auto policies = ParsePolicies(ManyPolicies(), "many.yaml");
  ASSERT_TRUE(policies.ok()) << policies.status();
  FixedNamespaces known;
  known.Add("default", {{"env", "prod"}, {"kubernetes.io/metadata.name", "default"}});
  FixedNamespaces unknown;
  int applied = 0, other = 0;
  for (auto [name, review] : CapturedReviews()) {
    for (const char* label : {"", "shop", "other"}) {
      if (*label != '\0') review["request"]["object"]["metadata"]["labels"]["app"] = label;
      for (const NamespaceSource* namespaces : {&known, &unknown}) {
        SCOPED_TRACE(StrCat(name, " ", label, " ", namespaces == &known ? "known" : "unknown"));
        const ReviewContext context{.policies = **policies, .namespaces = namespaces};
        WithExplanation(review, context, [&](const Explanation& explanation, const AdmissionRequest& request) {
          if (!explanation.unjudged.empty() || explanation.only_resources ||
              request.subresource == "ephemeralcontainers") {
            return;  // nothing is found there, whoever applies
          }
          bool is_unknown = false;
          std::set<std::string> applying, finding;
          for (const PolicyExplanation& policy : explanation.policies) {
            EXPECT_FALSE(policy.reason.text.empty());
            EXPECT_EQ(policy.reason.key.empty(), policy.reason.answer == MatchAnswer::kApplies);
            is_unknown = is_unknown || policy.reason.answer == MatchAnswer::kUnknown;
            if (policy.reason.answer == MatchAnswer::kApplies) applying.insert(policy.policy->name);
            (policy.reason.answer == MatchAnswer::kApplies ? applied : other) += 1;
          }
          EXPECT_EQ(is_unknown, explanation.decision.error_reason == "unknown_namespace");
          if (is_unknown) return;
          for (const JudgedFinding& judged : explanation.decision.findings) finding.emplace(judged.policy);
          EXPECT_EQ(applying, finding);
        });
      }
    }
  }
  EXPECT_GT(applied, 500);
  EXPECT_GT(other, 500);
}

TEST(ExplanationTest, IsWhatBothDoorsDo) {
  const auto policies = LoadPolicies({(fs::path(TESTS_DIR).parent_path() / "policies").string()});
  ASSERT_TRUE(policies.ok()) << policies.status();
  const ReviewContext context{.policies = **policies};
  std::size_t changes = 0;
  for (const auto& [name, review] : CapturedReviews()) {
    SCOPED_TRACE(name);
    WithExplanation(review, context, [&, &review = review](const Explanation& explanation, const AdmissionRequest&) {
      const Decision mutated = Review(Door::kMutate, context, review.dump()).decision;
      json patched = review;
      for (const WorkloadExplanation& workload : explanation.workloads) {
        changes += workload.changes.size();
        if (workload.pod_pointer.empty()) {
          EXPECT_EQ(Lines(workload.changes, Mode::kEnforce), Lines(mutated.injections, Mode::kEnforce));
          EXPECT_EQ(Lines(workload.changes, Mode::kAudit), Lines(mutated.injections, Mode::kAudit));
          EXPECT_EQ(workload.patch, mutated.patch);
        }
        if (!workload.patch.empty()) {
          patched["request"]["object"] = patched["request"]["object"].patch(json::parse(workload.patch));
        }
        json would_be = patched["request"]["object"];
        if (!workload.would_be_patch.empty()) {
          EXPECT_NO_THROW(would_be = would_be.patch(json::parse(workload.would_be_patch)));
        }
      }
      // What was set need not be set again, and is judged alike by the door that assumes nothing.
      const Decision validated = Review(Door::kValidate, context, patched.dump()).decision;
      EXPECT_EQ(validated.outcome, explanation.decision.outcome);
      EXPECT_EQ(validated.message, explanation.decision.message);
      WithExplanation(patched, context, [](const Explanation& again, const AdmissionRequest&) {
        for (const WorkloadExplanation& workload : again.workloads) {
          EXPECT_THAT(Lines(workload.changes, Mode::kEnforce), ::testing::IsEmpty());
        }
      });
    });
  }
  EXPECT_GT(changes, 100u);
}

TEST(ExplanationTest, SaysWhyNothingWasJudged) {
  const PolicySet policies = PoliciesOf("  controls: {image-tag: {}}\n");
  const PolicySet elsewhere = PoliciesOf("  match: {kinds: [Job]}\n  controls: {image-tag: {}}\n");
  const json pod = {{"metadata", {{"name", "p"}}}, {"spec", {{"containers", {{{"name", "c"}, {"image", "a"}}}}}}};
  json deletion = NewReview(pod);
  deletion["request"]["operation"] = "DELETE";
  struct Row {
    json review;
    const PolicySet& policies;
    const char* expected;
  };
  const Row rows[] = {
      {NewReview(pod), policies, ""},
      {deletion, policies, "operation DELETE is always allowed"},
      {UpdateReview(pod, pod, "status"), policies, "subresource status is always allowed"},
      {UpdateReview(pod, pod), policies, "the update changes nothing that is judged"},
      {NewReview(pod), elsewhere, "no policy applies"},
  };
  for (const Row& row : rows) {
    WithExplanation(row.review, {.policies = row.policies}, [&](const Explanation& explanation, const auto&) {
      EXPECT_EQ(explanation.unjudged, row.expected);
    });
  }
}

struct ReasonRow {
  const char* spec;
  const char* text;
  const char* key;
};

TEST(ExplanationTest, WordsOfMatching) {
  FixedNamespaces namespaces;
  namespaces.Add("default", {{"env", "prod"}});
  const json pod = {{"metadata", {{"name", "p"}, {"labels", {{"app", "shop"}}}}},
                    {"spec", {{"containers", {{{"name", "c"}, {"image", "a"}}}}}}};
  const ReasonRow rows[] = {
      {"{}", "every namespace, every kind", ""},
      {"{namespaces: {include: [x, \"d*\"]}, kinds: [Pod]}", "namespace \"default\" fits \"d*\", kind Pod", ""},
      {"{namespaces: {exclude: [x]}}", "every namespace but [x], every kind", ""},
      {"{namespaceSelector: {matchLabels: {env: prod}}, objectSelector: {matchLabels: {app: shop}}}",
       "every namespace, every kind, namespaceSelector holds, objectSelector holds", ""},
      {"{namespaces: {exclude: [x, \"d*\"]}}", "namespace \"default\" is excluded by \"d*\"",
       "spec.match.namespaces.exclude[1]"},
      {"{namespaces: {exclude: [default]}}", "namespace \"default\" is excluded", "spec.match.namespaces.exclude[0]"},
      {"{namespaces: {include: [a, b]}}", "namespace \"default\" is none of [a, b]", "spec.match.namespaces.include"},
      {"{kinds: [Job, CronJob]}", "kind Pod is none of [Job, CronJob]", "spec.match.kinds"},
      {"{namespaceSelector: {matchLabels: {env: dev}}}",
       "of namespace \"default\": label env is \"prod\", and the selector asks it to be \"dev\"",
       "spec.match.namespaceSelector"},
      {"{namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [a, b]}]}}",
       "of namespace \"default\": label team is not set, and the selector asks it to be in [a, b]",
       "spec.match.namespaceSelector"},
      {"{objectSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}",
       "of the object: label app is \"shop\", and the selector asks it not to be there", "spec.match.objectSelector"},
  };
  for (const ReasonRow& row : rows) {
    const PolicySet policies = PoliciesOf(StrCat("  match: ", row.spec, "\n  controls: {image-tag: {}}\n"));
    WithExplanation(NewReview(pod), {.policies = policies, .namespaces = &namespaces},
                    [&](const Explanation& explanation, const auto&) {
                      EXPECT_EQ(explanation.policies[0].reason.text, row.text);
                      EXPECT_EQ(explanation.policies[0].reason.key, row.key);
                    });
  }
}

TEST(ExplanationTest, WordsOfExemptions) {
  const json pod = {{"metadata", {{"name", "shop-1"}}},
                    {"spec",
                     {{"serviceAccountName", "sa"},
                      {"containers", {{{"name", "web"}, {"image", "nginx"}}, {{"name", "log"}, {"image", "a/b"}}}}}}};
  const ReasonRow rows[] = {
      {"match: {names: [\"shop-*\"]}", "holds for the whole Pod", "spec.exemptions[0]"},
      {"match: {containers: [web]}", "holds for \"web\"", "spec.exemptions[0]"},
      {"match: {images: [\"a/*\"]}", "holds for \"log\"", "spec.exemptions[0]"},
      {"match: {namespaces: [x]}", "namespace \"default\" is none of [x]", "spec.exemptions[0].match.namespaces"},
      {"match: {names: [x]}", "\"shop-1\" is none of [x]", "spec.exemptions[0].match.names"},
      {"match: {serviceAccounts: [x]}", "service account \"sa\" is none of [x]",
       "spec.exemptions[0].match.serviceAccounts"},
      {"match: {users: [x]}", "user \"\" is none of [x]", "spec.exemptions[0].match.users"},
      {"match: {containers: [x]}", "no container fits [x]", "spec.exemptions[0].match.containers"},
      {"match: {images: [x]}", "no container fits [docker.io/library/x]", "spec.exemptions[0].match.images"},
      {"match: {names: [\"*\"]}, until: \"2026-12-31\"", "is over since 2027-01-01", "spec.exemptions[0].until"},
  };
  for (const ReasonRow& row : rows) {
    const PolicySet policies = PoliciesOf(StrCat(
        "  controls: {image-tag: {}}\n  exemptions: [{name: e, reason: r, controls: [\"*\"], ", row.spec, "}]\n"));
    WithExplanation(
        NewReview(pod), {.policies = policies, .today = Date(2027, 3, 1)},
        [&](const Explanation& explanation, const auto&) {
          const ExemptionExplanation& exemption = explanation.workloads.at(0).standings.at(0).exemptions.at(0);
          EXPECT_EQ(exemption.reason.text, row.text);
          EXPECT_EQ(exemption.reason.key, row.key);
          // In the engine's eyes as well.
          const auto& findings = explanation.decision.findings;
          EXPECT_EQ(std::any_of(findings.begin(), findings.end(), [](const auto& f) { return f.is_exempt(); }),
                    exemption.reason.answer == MatchAnswer::kApplies);
        });
  }
}

TEST(ExplanationTest, WordsOfHoldingBack) {
  const json pod = {{"metadata", {{"name", "p"}}}, {"spec", {{"containers", {{{"name", "c"}, {"image", "a"}}}}}}};
  const auto held_back = [&](const char* spec) {
    const PolicySet policies = PoliciesOf(StrCat(spec, "  controls: {image-tag: {}}\n"));
    MatchReason reason;
    WithExplanation(NewReview(pod), {.policies = policies, .today = Date(2027, 3, 1)},
                    [&](const Explanation& explanation, const auto&) {
                      reason = explanation.workloads.at(0).standings.at(0).held_back;
                      EXPECT_EQ(explanation.decision.outcome == Outcome::kWarn, !reason.text.empty());
                    });
    return reason;
  };
  EXPECT_EQ(held_back("").text, "");
  EXPECT_EQ(held_back("  enforceFrom: \"2027-03-01\"\n").text, "");
  EXPECT_EQ(held_back("  enforceFrom: \"2027-03-02\"\n").text, "enforce acts as warn until 2027-03-02");
  EXPECT_EQ(held_back("  enforceFrom: \"2027-03-02\"\n").key, "spec.enforceFrom");
  EXPECT_THAT(held_back("  enforcePercent: 0\n").text, ::testing::HasSubstr("default/p is number "));
  EXPECT_EQ(held_back("  enforcePercent: 0\n").key, "spec.enforcePercent");
}

}  // namespace
}  // namespace tidewaiter
