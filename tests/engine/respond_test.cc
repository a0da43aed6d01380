// SPDX-License-Identifier: Apache-2.0
//
// Text in, answer out: every way a review can go, and every way it can be wrong.
#include "webhook/engine/respond.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/policies.h"
#include "tests/testing/reviews.h"

namespace tidewaiter {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char kSpec[] =
    "  match: {namespaces: {exclude: [kube-system]}}\n"
    "  controls:\n"
    "    run-as-non-root: {inject: true}\n"
    "    image-digest: {mode: warn}\n"
    "    image-tag: {}\n"
    "    resources: {mode: audit, maximum: {limits: {memory: 1Gi}}}\n";

json PodOf(const char* image, json security_context = {{"runAsNonRoot", true}, {"runAsUser", 1}}) {
  json container = {{"name", "web"}, {"image", image}};
  if (!security_context.is_null()) container["securityContext"] = std::move(security_context);
  return {{"metadata", {{"name", "p"}}}, {"spec", {{"containers", {container}}}}};
}

const std::string kPinned = "a:1@sha256:" + std::string(64, 'a');

Answer Ask(Door door, const json& review) {
  static const PolicySet policies = PoliciesOf(kSpec);
  return Review(door, {policies}, review.dump());
}

TEST(RespondTest, Allows) {
  const Answer answer = Ask(Door::kValidate, NewReview(PodOf(kPinned.c_str())));
  EXPECT_EQ(answer.http_status, 200);
  EXPECT_EQ(answer.body, R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",)"
                         R"("response":{"uid":"u-1","allowed":true}})");
  EXPECT_EQ(answer.decision.outcome, Outcome::kAllow);
}

TEST(RespondTest, Denies) {
  const Answer answer = Ask(Door::kValidate, NewReview(PodOf("a", nullptr)));
  EXPECT_EQ(answer.decision.outcome, Outcome::kDeny);
  const json response = json::parse(answer.body)["response"];
  EXPECT_EQ(response["allowed"], false);
  EXPECT_EQ(response["status"]["code"], 403);
  EXPECT_EQ(response["status"]["reason"], "Forbidden");
  EXPECT_EQ(response["status"]["message"],
            "2 violations:\n"
            "- container \"web\" must name a tag or digest of image \"a\" (without one it is latest) "
            "(spec.containers[0].image) [test/image-tag]\n"
            "- container \"web\" must set securityContext.runAsNonRoot=true "
            "(spec.containers[0].securityContext.runAsNonRoot) [test/run-as-non-root]");
}

TEST(RespondTest, Warns) {
  const Answer answer = Ask(Door::kValidate, NewReview(PodOf("a:1")));
  EXPECT_EQ(answer.decision.outcome, Outcome::kWarn);
  EXPECT_EQ(json::parse(answer.body)["response"]["warnings"],
            json({"container \"web\" must pin image \"a:1\" by digest (NAME@sha256:...) (spec.containers[0].image) "
                  "[test/image-digest]"}));
}

TEST(RespondTest, AuditsQuietly) {
  json pod = PodOf(kPinned.c_str());
  pod["spec"]["containers"][0]["resources"]["limits"]["memory"] = "2Gi";
  const Answer answer = Ask(Door::kValidate, NewReview(pod));
  EXPECT_EQ(answer.decision.outcome, Outcome::kAllow);
  const json response = json::parse(answer.body)["response"];
  EXPECT_FALSE(response.contains("warnings"));
  EXPECT_THAT(response["auditAnnotations"]["audit-violations"].get<std::string>(), HasSubstr("above 1Gi (is 2Gi)"));
}

TEST(RespondTest, Patches) {
  const Answer answer = Ask(Door::kMutate, NewReview(PodOf("a:1", nullptr)));
  EXPECT_EQ(answer.decision.outcome, Outcome::kPatch);
  const json body = json::parse(answer.body);
  EXPECT_EQ(body["response"]["patchType"], "JSONPatch");
  EXPECT_EQ(PatchOf(body), json::parse(R"([{"op":"add","path":"/spec/containers/0/securityContext",
                                           "value":{"runAsNonRoot":true}}])"));
  EXPECT_EQ(body["response"]["auditAnnotations"]["injected"],
            "spec.containers[0].securityContext.runAsNonRoot=true [test/run-as-non-root]");
}

TEST(RespondTest, WhatNeedsNoJudging) {
  const json bad = PodOf("a", nullptr);
  json deleted = NewReview(nullptr);
  deleted["request"]["operation"] = "DELETE";
  deleted["request"]["oldObject"] = bad;
  json connected = NewReview({{"kind", "PodExecOptions"}}, "", "PodExecOptions");
  connected["request"]["operation"] = "CONNECT";
  connected["request"]["subResource"] = "exec";
  json scaled =
      UpdateReview({{"spec", {{"replicas", 3}}}}, {{"spec", {{"replicas", 1}}}}, "scale", "autoscaling", "Scale");
  json elsewhere = NewReview(bad);
  elsewhere["request"]["namespace"] = "kube-system";
  for (const json& review : {deleted, connected, scaled, elsewhere, UpdateReview(bad, bad, "status")}) {
    for (const Door door : {Door::kValidate, Door::kMutate}) {
      const Answer answer = Ask(door, review);
      EXPECT_EQ(answer.decision.outcome, Outcome::kAllow) << review;
      EXPECT_THAT(answer.decision.findings, IsEmpty());
    }
  }
}

TEST(RespondTest, RefusesWhatItCannotRead) {
  json text_for_boolean = PodOf("a:1");
  text_for_boolean["spec"]["containers"][0]["securityContext"]["runAsNonRoot"] = "true";
  json no_list = PodOf("a:1");
  no_list["spec"]["containers"] = "web";
  json no_name = PodOf("a:1");
  no_name["spec"]["containers"][0].erase("name");
  json no_image = PodOf("a:1");
  no_image["spec"]["containers"][0].erase("image");
  json bad_quantity = PodOf("a:1");
  bad_quantity["spec"]["containers"][0]["resources"]["limits"]["memory"] = "lots";
  json null_object = NewReview(nullptr);
  json no_old = UpdateReview(PodOf("a:1"), nullptr);

  struct Row {
    json review;
    int code;
    std::string message;
  };
  const std::vector<Row> rows = {
      {NewReview(text_for_boolean), 422,
       "Pod: spec.containers[0].securityContext.runAsNonRoot: expected a boolean, found string"},
      {NewReview(no_list), 422, "Pod: spec.containers: expected an array, found string"},
      {NewReview(no_name), 422, "Pod: spec.containers[0].name: required: a container has a name"},
      {NewReview(no_image), 422, "Pod: spec.containers[0].image: required: container \"web\" has no image"},
      {NewReview(bad_quantity), 422, "Pod: spec.containers[0].resources.limits.memory: "},
      {null_object, 422, "request.object: required on CREATE: expected an object"},
      {no_old, 422, "request.oldObject: required on UPDATE: expected an object"},
      {NewReview({{"spec", {{"template", text_for_boolean}}}}, "apps", "Deployment"), 422,
       "Deployment: spec.template.spec.containers[0].securityContext.runAsNonRoot: expected a boolean, found string"},
      {NewReview({{"spec", json::object()}}, "batch", "Job"), 422, "Job: spec.template: required: expected an object"},
      {NewReview({{"data", json::object()}}, "", "ConfigMap"), 400,
       "kind ConfigMap of group \"\" holds no pod template"},
      {NewReview(PodOf("a:1"), "example.com", "Pod"), 400, "kind Pod of group \"example.com\" holds no pod template"},
  };
  for (const Row& row : rows) {
    const Answer answer = Ask(Door::kValidate, row.review);
    EXPECT_EQ(answer.decision.outcome, Outcome::kRefuse) << row.review;
    const json response = json::parse(answer.body)["response"];
    EXPECT_EQ(response["allowed"], false);
    EXPECT_EQ(response["uid"], "u-1");
    EXPECT_EQ(response["status"]["code"], row.code);
    EXPECT_THAT(response["status"]["message"].get<std::string>(), ::testing::StartsWith(row.message));
    EXPECT_THAT(answer.decision.error_reason, row.code == 400 ? "unsupported_kind" : "unreadable_object");
  }
}

TEST(RespondTest, AnswersMalformedReviewsWith400) {
  const PolicySet policies = PoliciesOf(kSpec);
  const std::string good = NewReview(PodOf("a:1")).dump();
  json beta = NewReview(PodOf("a:1"));
  beta["apiVersion"] = "admission.k8s.io/v1beta1";
  json other_kind = NewReview(PodOf("a:1"));
  other_kind["kind"] = "Pod";
  json no_request = NewReview(PodOf("a:1"));
  no_request.erase("request");
  json no_uid = NewReview(PodOf("a:1"));
  no_uid["request"].erase("uid");
  json no_operation = NewReview(PodOf("a:1"));
  no_operation["request"]["operation"] = "PATCH";
  json odd_operation = NewReview(PodOf("a:1"));  // found by fuzzing: the answer is one printable line of some length
  odd_operation["request"]["operation"] = std::string("CREATE\n\0", 8) + std::string(1 << 20, 'x');
  json number_uid = NewReview(PodOf("a:1"));
  number_uid["request"]["uid"] = 1;
  struct Row {
    std::string text;
    std::string message;
  };
  const std::vector<Row> rows = {
      {"", "empty"},
      {"hello", "not JSON"},
      {good.substr(0, good.size() / 2), "not JSON"},
      {std::string(100'000, '[') + std::string(100'000, ']'), "nested deeper than 128 levels"},
      {R"({"kind": ")"
       "\xFF"
       R"("})",
       "not valid UTF-8"},
      {R"({"request": {"uid": 1e999}})", "not JSON"},
      {"[]", "expected an AdmissionReview object, found array"},
      {"{}", "kind: expected AdmissionReview"},
      {other_kind.dump(), "kind: expected AdmissionReview, found \"Pod\""},
      {beta.dump(), "apiVersion: expected admission.k8s.io/v1, found \"admission.k8s.io/v1beta1\""},
      {no_request.dump(), "request: required"},
      {no_uid.dump(), "request.uid: required"},
      {number_uid.dump(), "request.uid: expected a string, found integer"},
      {no_operation.dump(), "request.operation: expected CREATE, UPDATE, DELETE or CONNECT, found \"PATCH\""},
      {odd_operation.dump(), "found \"CREATE\\n\\x00xxx"},
      {std::string(kMaxReviewBytes + 1, ' '), "larger than 8388608 bytes"},
  };
  for (const Row& row : rows) {
    const Answer answer = Review(Door::kValidate, {policies}, row.text);
    EXPECT_EQ(answer.http_status, 400) << row.message;
    EXPECT_THAT(answer.body, HasSubstr("malformed review: "));
    EXPECT_THAT(answer.body, HasSubstr(row.message));
    EXPECT_EQ(answer.body.find('\n'), answer.body.size() - 1);
    EXPECT_LT(answer.body.size(), 500u);
    EXPECT_EQ(answer.decision.error_reason, "malformed_review");
    EXPECT_FALSE(answer.decision.is_allowed());
  }
  EXPECT_EQ(Review(Door::kValidate, {policies}, good).http_status, 200);
}

TEST(RespondTest, DepthIsBoundedAt128) {
  json pod = PodOf(kPinned.c_str());
  const auto nested = [&](int levels) {
    json review = NewReview(pod);
    json deep = 1;
    for (int i = 0; i < levels; ++i) deep = json::array({deep});
    review["request"]["extra"] = deep;
    return Ask(Door::kValidate, review).http_status;
  };
  EXPECT_EQ(nested(128 - 3), 200);
  EXPECT_EQ(nested(128), 400);
}

TEST(RespondTest, AFieldGivenTwiceIsRefused) {
  std::string text = NewReview(PodOf("a:1")).dump();
  const std::string field = "\"runAsNonRoot\":true";
  text.replace(text.find(field), field.size(), "\"runAsNonRoot\":false," + field);
  const PolicySet policies = PoliciesOf(kSpec);
  const Answer answer = Review(Door::kValidate, {policies}, text);
  EXPECT_EQ(answer.decision.outcome, Outcome::kRefuse);
  EXPECT_THAT(answer.decision.message, HasSubstr("runAsNonRoot: given twice"));
}

TEST(RespondTest, UpdatesDenyOnlyWhatIsNew) {
  const json bad = PodOf("a", nullptr);
  json relabelled = bad;
  relabelled["metadata"]["finalizers"] = json::array();
  relabelled["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  EXPECT_EQ(Ask(Door::kValidate, UpdateReview(relabelled, bad)).decision.outcome, Outcome::kAllow);

  // Something else changes: what was there before warns.
  json changed = bad;
  changed["spec"]["containers"][0]["ports"] = {{{"containerPort", 80}}};
  const Answer warned = Ask(Door::kValidate, UpdateReview(changed, bad));
  EXPECT_EQ(warned.decision.outcome, Outcome::kWarn);
  EXPECT_THAT(warned.body, HasSubstr("(was so before this update)"));

  // A moved container is the same, a new or renamed one is new, another bad image is new.
  json moved = bad;
  moved["spec"]["containers"].insert(moved["spec"]["containers"].begin(),
                                     PodOf(kPinned.c_str())["spec"]["containers"][0]);
  moved["spec"]["containers"][0]["name"] = "first";
  EXPECT_EQ(Ask(Door::kValidate, UpdateReview(moved, bad)).decision.outcome, Outcome::kWarn);
  json renamed = bad;
  renamed["spec"]["containers"][0]["name"] = "other";
  EXPECT_EQ(Ask(Door::kValidate, UpdateReview(renamed, bad)).decision.outcome, Outcome::kDeny);
  const Answer worse = Ask(Door::kValidate, UpdateReview(PodOf("b", nullptr), bad));
  EXPECT_EQ(worse.decision.outcome, Outcome::kDeny);
  EXPECT_THAT(worse.decision.message, HasSubstr("image \"b\""));
  EXPECT_THAT(worse.decision.message, ::testing::Not(HasSubstr("runAsNonRoot")));
}

TEST(RespondTest, EphemeralContainersAreJudgedWhileTheyAreNew) {
  const json old_pod = PodOf("a", nullptr);
  json pod = old_pod;
  pod["spec"]["ephemeralContainers"] = {{{"name", "debug"}, {"image", "busybox"}}};
  const Answer denied = Ask(Door::kValidate, UpdateReview(pod, old_pod, "ephemeralcontainers"));
  EXPECT_EQ(denied.decision.outcome, Outcome::kDeny);
  for (const JudgedFinding& judged : denied.decision.findings) EXPECT_EQ(judged.finding->container, "debug");
  const Answer patched = Ask(Door::kMutate, UpdateReview(pod, old_pod, "ephemeralcontainers"));
  EXPECT_EQ(PatchOf(json::parse(patched.body)),
            json::parse(R"([{"op":"add","path":"/spec/ephemeralContainers/0/securityContext",
                             "value":{"runAsNonRoot":true}}])"));
}

TEST(RespondTest, AResizeIsJudgedByResourcesOnly) {
  const PolicySet policies = PoliciesOf(
      "  controls:\n    run-as-non-root: {inject: true}\n    resources: {maximum: {limits: {memory: 1Gi}}}\n");
  const json old_pod = PodOf("a", nullptr);
  json pod = old_pod;
  pod["spec"]["containers"][0]["resources"]["limits"]["memory"] = "2Gi";
  const Answer answer = Review(Door::kValidate, {policies}, UpdateReview(pod, old_pod, "resize").dump());
  EXPECT_EQ(answer.decision.outcome, Outcome::kDeny);
  ASSERT_EQ(answer.decision.findings.size(), 1u);
  EXPECT_EQ(answer.decision.findings[0].finding->control, "resources");
}

TEST(RespondTest, AnUnknownSubresourceIsJudgedAsTheObject) {
  json review = NewReview(PodOf("a", nullptr));
  review["request"]["subResource"] = "future";
  EXPECT_EQ(Ask(Door::kValidate, review).decision.outcome, Outcome::kDeny);
  EXPECT_TRUE(Ask(Door::kMutate, review).decision.patch.empty());
}

TEST(RespondTest, TheNamespaceOfTheObjectCountsWhenTheRequestHasNone) {
  json review = NewReview(PodOf("a", nullptr));
  review["request"].erase("namespace");
  review["request"]["object"]["metadata"]["namespace"] = "kube-system";
  EXPECT_EQ(Ask(Door::kValidate, review).decision.outcome, Outcome::kAllow);
  review["request"]["object"]["metadata"]["namespace"] = "other";
  EXPECT_EQ(Ask(Door::kValidate, review).decision.outcome, Outcome::kDeny);
}

// What a manifest is asked: a Pod that would be mended on its way into the cluster is not refused before.
TEST(RespondTest, ManifestsAreJudgedAfterInjection) {
  const PolicySet policies = PoliciesOf("  controls: {run-as-non-root: {inject: true}}\n");
  const std::string text = PodOf("a:1", nullptr).dump();
  const absl::StatusOr<JsonDocument> object = JsonDocument::Parse(text);
  ASSERT_TRUE(object.ok());
  AdmissionRequest request;
  request.kind = {.group = "", .version = "v1", .kind = "Pod"};
  request.operation = "CREATE";
  request.namespace_name = "default";
  request.object = object->root();
  EXPECT_EQ(JudgeObject(request, {policies}).outcome, Outcome::kDeny);
  const Decision foreseen = JudgeObject(request, {.policies = policies, .foresees_pods = true});
  EXPECT_EQ(foreseen.outcome, Outcome::kWarn);
  ASSERT_EQ(foreseen.warnings.size(), 1u);
  EXPECT_THAT(foreseen.warnings[0], HasSubstr("may not start"));
  request.object.reset();
  const Decision unread = JudgeObject(request, {.policies = policies, .foresees_pods = true});
  EXPECT_EQ(unread.outcome, Outcome::kRefuse);
  EXPECT_EQ(unread.error_reason, "unreadable_object");
}

// For `fix`: what is injected comes as a patch of templates, too, and whatever the mode; a cluster rewrites no
// template.
TEST(RespondTest, ManifestsArePatched) {
  const nlohmann::json deployment = {{"metadata", {{"name", "web"}}}, {"spec", {{"template", PodOf("a:1", nullptr)}}}};
  const std::string text = deployment.dump();
  const absl::StatusOr<JsonDocument> object = JsonDocument::Parse(text);
  ASSERT_TRUE(object.ok());
  AdmissionRequest request;
  request.kind = {.group = "apps", .version = "v1", .kind = "Deployment"};
  request.operation = "CREATE";
  request.namespace_name = "default";
  request.object = object->root();
  const PolicySet policies = PoliciesOf(
      "  controls: {run-as-non-root: {inject: true}, read-only-root-filesystem: {inject: true, mode: warn}}\n");
  EXPECT_EQ(MutateObject(request, {policies}).patch, "");
  const Decision decision = MutateObject(request, {.policies = policies, .foresees_pods = true});
  const nlohmann::json patched = deployment.patch(nlohmann::json::parse(decision.patch));
  const nlohmann::json expected = {{"runAsNonRoot", true}, {"readOnlyRootFilesystem", true}};
  EXPECT_EQ(patched.at(nlohmann::json::json_pointer("/spec/template/spec/containers/0/securityContext")), expected);
}

}  // namespace
}  // namespace tidewaiter
