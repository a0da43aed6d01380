// SPDX-License-Identifier: Apache-2.0
//
// Updates: what was a violation before and is no worse now does not deny, whatever else about it has changed.
#include <gtest/gtest.h>

#include "tests/testing/policies.h"
#include "tests/testing/reviews.h"

namespace tidewaiter {
namespace {

using nlohmann::json;

json Deployment(const json& pod_spec) { return {{"spec", {{"template", {{"spec", pod_spec}}}}}}; }
json OneContainer(json container) {
  container["name"] = "web";
  container["image"] = "a:1";
  return {{"containers", {std::move(container)}}};
}
json Resources(const char* requests, const char* limits) {
  json resources = json::object();
  if (*requests != '\0') resources["requests"] = json::parse(requests);
  if (*limits != '\0') resources["limits"] = json::parse(limits);
  return OneContainer({{"resources", resources}});
}

bool IsAllowed(const char* controls, const json& before, const json& after) {
  const PolicySet policies = PoliciesOf(std::string("  controls: ") + controls + "\n");
  const json review = UpdateReview(Deployment(after), Deployment(before), "", "apps", "Deployment");
  return Review(Door::kValidate, {policies}, review.dump()).decision.is_allowed();
}

TEST(RatchetTest, AnImprovementThatDoesNotGoAllTheWay) {
  const char* maximum = "{resources: {maximum: {limits: {memory: 16Gi}}}}";
  const auto limit = [](const char* text) { return Resources("", text); };
  EXPECT_TRUE(IsAllowed(maximum, limit(R"({"memory":"64Gi"})"), limit(R"({"memory":"32Gi"})")));
  EXPECT_FALSE(IsAllowed(maximum, limit(R"({"memory":"32Gi"})"), limit(R"({"memory":"64Gi"})")));
  EXPECT_FALSE(IsAllowed(maximum, limit(R"({"memory":"1Gi"})"), limit(R"({"memory":"64Gi"})")));

  const char* ratio = "{resources: {maxLimitRequestRatio: {cpu: 4}}}";
  const char* eight = R"({"cpu":"8"})";
  EXPECT_TRUE(IsAllowed(ratio, Resources(R"({"cpu":"1"})", eight), Resources(R"({"cpu":"1500m"})", eight)));
  EXPECT_FALSE(IsAllowed(ratio, Resources(R"({"cpu":"1"})", eight), Resources(R"({"cpu":"500m"})", eight)));
  EXPECT_TRUE(IsAllowed(ratio, Resources(R"({"cpu":"0"})", eight), Resources(R"({"cpu":"500m"})", eight)));

  const char* required = "{resources: {require: {limits: [memory]}}}";
  EXPECT_TRUE(IsAllowed(required, limit(R"({"memory":"0"})"), limit("")));
  EXPECT_FALSE(IsAllowed(required, limit(R"({"memory":"1"})"), limit("")));
}

TEST(RatchetTest, ALimitThatIsTooHighIsBetterThanNone) {
  const char* controls =
      "{resources: {require: {limits: [memory], requests: [cpu]}, maximum: {limits: {memory: 16Gi}}}}";
  const auto limit = [](const char* text) { return Resources(R"({"cpu":"1"})", text); };
  const char* high = R"({"memory":"64Gi"})";
  for (const char* none : {"", R"({"memory":"0"})"}) {
    EXPECT_TRUE(IsAllowed(controls, limit(none), limit(high))) << none;
    EXPECT_FALSE(IsAllowed(controls, limit(high), limit(none))) << none;
    EXPECT_TRUE(IsAllowed(controls, limit(none), limit(""))) << none;
  }
  EXPECT_FALSE(IsAllowed(controls, limit(R"({"memory":"1Gi"})"), limit("")));

  // Of a request none is not the same fault as too much.
  const char* requests = "{resources: {require: {requests: [cpu]}, maximum: {requests: {cpu: 4}}}}";
  EXPECT_FALSE(IsAllowed(requests, Resources("", ""), Resources(R"({"cpu":"8"})", "")));

  const auto scratch = [](json empty_dir) {
    json spec = OneContainer(json::object());
    spec["volumes"] = {{{"name", "tmp"}, {"emptyDir", std::move(empty_dir)}}};
    return spec;
  };
  const char* bounded = "{empty-dir-size-limit: {maximum: 1Gi}}";
  const json too_large = scratch({{"sizeLimit", "2Gi"}});
  for (const json& none : {scratch(json::object()), scratch({{"sizeLimit", "0"}})}) {
    EXPECT_TRUE(IsAllowed(bounded, none, too_large));
    EXPECT_FALSE(IsAllowed(bounded, too_large, none));
    EXPECT_TRUE(IsAllowed(bounded, none, scratch(json::object())));
  }
}

TEST(RatchetTest, AContainerIsTheSameByListAndName) {
  const char* controls = "{read-only-root-filesystem: {}}";
  json init = {{"name", "setup"}, {"image", "a:1"}};
  json before = OneContainer({{"securityContext", {{"readOnlyRootFilesystem", true}}}});
  before["initContainers"] = json::array({init});
  json sidecar = before;
  sidecar["initContainers"][0]["restartPolicy"] = "Always";
  EXPECT_TRUE(IsAllowed(controls, before, sidecar));
  // Another list is another container: an init container ends, a regular one runs on.
  json moved = OneContainer({{"securityContext", {{"readOnlyRootFilesystem", true}}}});
  moved["containers"].push_back(init);
  EXPECT_FALSE(IsAllowed(controls, before, moved));
}

TEST(RatchetTest, WhatWasExemptWasNoViolation) {
  const PolicySet policies = PoliciesOf(
      "  controls: {image-tag: {}}\n  exemptions:\n"
      "    - {name: old, reason: r, controls: [image-tag], match: {images: [\"docker.io/library/old\"]}}\n");
  json before = OneContainer({});
  before["containers"][0]["image"] = "old";
  json after = before;
  after["containers"][0]["image"] = "new";
  const json review = UpdateReview(Deployment(after), Deployment(before), "", "apps", "Deployment");
  EXPECT_FALSE(Review(Door::kValidate, {policies}, review.dump()).decision.is_allowed());
}

TEST(RatchetTest, OneOfSeveralBadValuesTakenAwayIsNoNewViolation) {
  const char* controls = "{capabilities-restricted: {}}";
  const auto adds = [](const char* add) {
    return OneContainer({{"securityContext", {{"capabilities", {{"drop", {"ALL"}}, {"add", json::parse(add)}}}}}});
  };
  EXPECT_TRUE(IsAllowed(controls, adds(R"(["NET_RAW","CHOWN"])"), adds(R"(["CHOWN"])")));
  EXPECT_FALSE(IsAllowed(controls, adds(R"(["CHOWN"])"), adds(R"(["SYS_ADMIN"])")));
  EXPECT_FALSE(IsAllowed(controls, adds(R"(["CHOWN"])"), adds(R"(["CHOWN","NET_RAW"])")));
}

TEST(RatchetTest, TheSameViolationInOtherWords) {
  const json none = OneContainer(json::object());
  const auto profile = [](const char* field, const char* type) {
    return OneContainer({{"securityContext", {{field, {{"type", type}}}}}});
  };
  const char* seccomp = "{seccomp-profile-restricted: {}}";
  EXPECT_TRUE(IsAllowed(seccomp, profile("seccompProfile", "Unconfined"), none));
  EXPECT_FALSE(IsAllowed(seccomp, none, profile("seccompProfile", "Unconfined")));

  const json annotation = {{"annotations", {{"container.apparmor.security.beta.kubernetes.io/web", "unconfined"}}}};
  const PolicySet policies = PoliciesOf("  controls: {app-armor-profile: {}}\n");
  const json before = {{"spec", {{"template", {{"metadata", annotation}, {"spec", none}}}}}};
  const json after = Deployment(profile("appArmorProfile", "Unconfined"));
  const json review = UpdateReview(after, before, "", "apps", "Deployment");
  EXPECT_TRUE(Review(Door::kValidate, {policies}, review.dump()).decision.is_allowed());

  const auto ports = [](bool is_host_network, const json& port) {
    json spec = OneContainer({{"ports", {port}}});
    spec["hostNetwork"] = is_host_network;
    return spec;
  };
  const json written = {{"containerPort", 80}, {"hostPort", 80}};
  EXPECT_TRUE(IsAllowed("{host-ports: {}}", ports(true, {{"containerPort", 80}}), ports(true, written)));
  EXPECT_FALSE(IsAllowed("{host-ports: {}}", ports(false, {{"containerPort", 80}}), ports(false, written)));
}

TEST(RatchetTest, ToUnsetRunAsNonRootIsNoWorseThanFalse) {
  const char* controls = "{run-as-non-root: {}}";
  const json none = OneContainer(json::object());
  const json no = OneContainer({{"securityContext", {{"runAsNonRoot", false}}}});
  json pod_no = none;
  pod_no["securityContext"] = {{"runAsNonRoot", false}};
  EXPECT_TRUE(IsAllowed(controls, no, none));
  EXPECT_TRUE(IsAllowed(controls, pod_no, none));
  EXPECT_TRUE(IsAllowed(controls, pod_no, no));
  EXPECT_FALSE(IsAllowed(controls, none, no));
  EXPECT_FALSE(IsAllowed(controls, none, pod_no));
  EXPECT_FALSE(IsAllowed(controls, OneContainer({{"securityContext", {{"runAsNonRoot", true}}}}), none));
}

TEST(RatchetTest, AnotherDirectoryOfTheNodeIsAnotherViolation) {
  const auto mounts = [](const char* path) {
    json spec = OneContainer(json::object());
    spec["volumes"] = {{{"name", "logs"}, {"hostPath", {{"path", path}}}}};
    return spec;
  };
  for (const char* controls : {"{host-path-volumes: {}}", "{restricted-volumes: {}}"}) {
    EXPECT_TRUE(IsAllowed(controls, mounts("/var/log"), mounts("/var/log")));
    EXPECT_FALSE(IsAllowed(controls, mounts("/var/log"), mounts("/")));
  }
}

// Nothing of ours rests on what the API server refuses first.
TEST(RatchetTest, NewEphemeralContainersOfMirrorPodsAreJudged) {
  const PolicySet policies = PoliciesOf("  controls: {image-tag: {}}\n");
  json before = {{"metadata", {{"annotations", {{"kubernetes.io/config.mirror", "x"}}}}}, {"spec", OneContainer({})}};
  json after = before;
  after["spec"]["ephemeralContainers"] = {{{"name", "dbg"}, {"image", "busybox"}}};
  const json review = UpdateReview(after, before, "ephemeralcontainers");
  EXPECT_FALSE(Review(Door::kValidate, {policies}, review.dump()).decision.is_allowed());
}

}  // namespace
}  // namespace tidewaiter
