// SPDX-License-Identifier: Apache-2.0
//
// What a policy document can say besides its controls, seen in decisions: selectors, roll-out, exemptions, custom
// resources, several policies at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/policies.h"
#include "tests/testing/reviews.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const char kTagOnly[] = "  controls: {image-tag: {}}\n";

json BadPod(json metadata = {{"name", "p"}}) {
  return {{"metadata", std::move(metadata)}, {"spec", {{"containers", {{{"name", "web"}, {"image", "a"}}}}}}};
}

Outcome Validate(const PolicySet& policies, const json& review, Date today = Date(2027, 1, 1),
                 const NamespaceSource* namespaces = nullptr) {
  return Review(Door::kValidate, {.policies = policies, .today = today, .namespaces = namespaces}, review.dump())
      .decision.outcome;
}

TEST(PolicyFeaturesTest, NamespaceSelector) {
  const PolicySet policies =
      PoliciesOf(StrCat("  match: {namespaceSelector: {matchLabels: {env: prod}}}\n", std::string(kTagOnly)));
  FixedNamespaces namespaces;
  const json review = NewReview(BadPod());
  const Answer unknown = Review(Door::kValidate, {.policies = policies, .namespaces = &namespaces}, review.dump());
  EXPECT_EQ(unknown.decision.outcome, Outcome::kRefuse);
  EXPECT_EQ(unknown.decision.error_reason, "unknown_namespace");
  EXPECT_THAT(unknown.decision.message, HasSubstr("\"default\" are not known"));
  // What changes nothing always works.
  EXPECT_EQ(Validate(policies, UpdateReview(BadPod(), BadPod())), Outcome::kAllow);
  namespaces.Add("default", {{"env", "test"}});
  EXPECT_EQ(Validate(policies, review, Date(), &namespaces), Outcome::kAllow);
  namespaces.Add("default", {{"env", "prod"}});
  EXPECT_EQ(Validate(policies, review, Date(), &namespaces), Outcome::kDeny);
}

TEST(PolicyFeaturesTest, AnUnknownNamespaceRefusesNothingThatCouldNotBeDenied) {
  const PolicySet policies =
      PoliciesOf("  mode: audit\n  match: {namespaceSelector: {matchLabels: {env: prod}}}\n" + std::string(kTagOnly));
  EXPECT_EQ(Validate(policies, NewReview(BadPod())), Outcome::kAllow);
}

// A template may not be let through on the strength of an injection that its Pods never get.
TEST(PolicyFeaturesTest, OnlyWhatItsPodsWillGetIsForeseen) {
  const json deployment = {{"metadata", {{"labels", {{"team", "a"}}}}}, {"spec", {{"template", BadPod()}}}};
  const json review = NewReview(deployment, "apps", "Deployment");
  for (const char* match : {"{kinds: [Deployment]}", "{objectSelector: {matchLabels: {team: a}}}"}) {
    const PolicySet policies =
        PoliciesOf(StrCat("  match: ", match, "\n  controls: {run-as-non-root: {inject: true}}\n"));
    EXPECT_EQ(Validate(policies, review), Outcome::kDeny) << match;
  }
  const PolicySet policies = PoliciesOf(
      "  match: {kinds: [Deployment, Pod]}\n  controls: {run-as-non-root: {inject: true, runAsUser: 1000}}\n");
  EXPECT_EQ(Validate(policies, review), Outcome::kAllow);
}

TEST(PolicyFeaturesTest, ObjectSelectorTakesTheOldObjectAsWell) {
  const PolicySet policies =
      PoliciesOf(StrCat("  match: {objectSelector: {matchLabels: {strict: \"yes\"}}}\n", std::string(kTagOnly)));
  const json strict = {{"name", "p"}, {"labels", {{"strict", "yes"}}}};
  EXPECT_EQ(Validate(policies, NewReview(BadPod())), Outcome::kAllow);
  EXPECT_EQ(Validate(policies, NewReview(BadPod(strict))), Outcome::kDeny);
  // Taking the label off in the same breath does not help.
  json better = BadPod(strict);
  better["spec"]["containers"][0]["image"] = "a:1";
  EXPECT_EQ(Validate(policies, UpdateReview(BadPod(), better)), Outcome::kDeny);
  // Who is not selected is not even decoded.
  json odd = BadPod();
  odd["spec"]["containers"] = 7;
  EXPECT_EQ(Validate(policies, NewReview(odd)), Outcome::kAllow);
}

TEST(PolicyFeaturesTest, EnforceFrom) {
  const PolicySet policies = PoliciesOf(
      "  enforceFrom: 2027-03-01\n  controls:\n    image-tag:\n"
      "    run-as-non-root: {inject: true}\n");
  const json review = NewReview(BadPod());
  EXPECT_EQ(Validate(policies, review, Date(2027, 2, 28)), Outcome::kWarn);
  EXPECT_EQ(Validate(policies, review, Date(2027, 3, 1)), Outcome::kDeny);
  const auto mutate = [&](Date today) {
    return Review(Door::kMutate, {.policies = policies, .today = today}, review.dump()).decision;
  };
  EXPECT_EQ(mutate(Date(2027, 2, 28)).patch, "");
  EXPECT_EQ(mutate(Date(2027, 2, 28)).injections.at(0).mode, Mode::kWarn);
  EXPECT_NE(mutate(Date(2027, 3, 1)).patch, "");
}

TEST(PolicyFeaturesTest, EnforcePercentIsAShareOfWorkloadsAndAlikeForEachOfThem) {
  const auto denied = [](int percent, const json& metadata) {
    const PolicySet policies = PoliciesOf(StrCat("  enforcePercent: ", percent, "\n", std::string(kTagOnly)));
    return Validate(policies, NewReview(BadPod(metadata))) == Outcome::kDeny;
  };
  int count = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string name = StrCat("app-", i);
    const bool is_denied = denied(30, {{"name", name}});
    count += is_denied ? 1 : 0;
    EXPECT_FALSE(denied(0, {{"name", name}}));
    EXPECT_TRUE(denied(100, {{"name", name}}));
    EXPECT_TRUE(!is_denied || denied(60, {{"name", name}}));  // a larger share holds the smaller one
    // Its Pods, by whatever ReplicaSet, are treated as the Deployment is.
    const json owner = {{"kind", "ReplicaSet"}, {"name", name + "-abc"}, {"uid", "u"}, {"controller", true}};
    const json pod = {
        {"generateName", name + "-abc-"}, {"labels", {{"pod-template-hash", "abc"}}}, {"ownerReferences", {owner}}};
    EXPECT_EQ(denied(30, pod), is_denied) << name;
  }
  EXPECT_GT(count, 60);
  EXPECT_LT(count, 120);
}

const char kExempt[] =
    "  controls:\n    image-tag:\n    run-as-non-root: {inject: true}\n  exemptions:\n"
    "    - {name: legacy, reason: old image, until: 2027-06-30, controls: [image-tag, run-as-non-root],\n"
    "       match: {namespaces: [default], containers: [web]}}\n";

TEST(PolicyFeaturesTest, AnExemptionExcusesAndIsToldOf) {
  const PolicySet policies = PoliciesOf(kExempt);
  const json review = NewReview(BadPod());
  const Answer answer = Review(Door::kValidate, {.policies = policies, .today = Date(2027, 6, 30)}, review.dump());
  EXPECT_EQ(answer.decision.outcome, Outcome::kAllow);
  ASSERT_EQ(answer.decision.findings.size(), 2u);
  EXPECT_EQ(answer.decision.findings[0].exemption, "legacy");
  EXPECT_THAT(answer.body, HasSubstr("exempted-violations"));
  EXPECT_EQ(Validate(policies, review, Date(2027, 7, 1)), Outcome::kDeny);
}

// What is written for the Pods' names holds for the template as well, or the workload could not be created.
TEST(PolicyFeaturesTest, AnExemptionByNamesOfPodsExcusesWhatMakesThem) {
  const PolicySet policies = PoliciesOf(
      "  controls: {host-namespaces: {}}\n  exemptions:\n"
      "    - {name: e, reason: r, controls: [host-namespaces], match: {names: [\"node-exporter-*\"]}}\n");
  const json spec = {{"hostPID", true}, {"containers", {{{"name", "c"}, {"image", "a:1"}}}}};
  const auto validate = [&](const char* name) {
    const json object = {{"metadata", {{"name", name}}}, {"spec", {{"template", {{"spec", spec}}}}}};
    return Validate(policies, NewReview(object, "apps", "DaemonSet"));
  };
  EXPECT_EQ(validate("node-exporter"), Outcome::kAllow);
  EXPECT_EQ(validate("node"), Outcome::kDeny);
}

TEST(PolicyFeaturesTest, WhatIsExemptIsNotInjectedEither) {
  const PolicySet policies = PoliciesOf(kExempt);
  json pod = BadPod();
  pod["spec"]["containers"].push_back({{"name", "log"}, {"image", "b"}});
  const auto patch = [&](Date today) {
    return PatchOf(
        json::parse(Review(Door::kMutate, {.policies = policies, .today = today}, NewReview(pod).dump()).body));
  };
  EXPECT_EQ(patch(Date(2027, 6, 30)).size(), 1u);
  EXPECT_EQ(patch(Date(2027, 6, 30))[0]["path"], "/spec/containers/1/securityContext");
  EXPECT_EQ(patch(Date(2027, 7, 1)).size(), 2u);
}

TEST(PolicyFeaturesTest, APodIsExcusedByImageOnlyWhenAllItsContainersAre) {
  const PolicySet policies = PoliciesOf(
      "  controls: {run-as-non-root: {}}\n  exemptions:\n"
      "    - {name: e, reason: r, controls: [\"*\"], match: {images: [\"docker.io/library/a\"]}}\n");
  json pod = BadPod();
  pod["spec"]["securityContext"]["runAsUser"] = 0;
  pod["spec"]["containers"][0]["securityContext"]["runAsNonRoot"] = true;
  EXPECT_EQ(Validate(policies, NewReview(pod)), Outcome::kAllow);
  pod["spec"]["containers"].push_back({{"name", "log"}, {"image", "b"}, {"securityContext", {{"runAsNonRoot", true}}}});
  EXPECT_EQ(Validate(policies, NewReview(pod)), Outcome::kDeny);
}

TEST(PolicyFeaturesTest, CustomResourcesWithOneOrManyTemplates) {
  const PolicySet policies = PoliciesOf(
      "  controls: {image-tag: {}}\n  workloads:\n"
      "    - {group: argoproj.io, kind: Rollout, template: /spec/template}\n"
      "    - {group: jobset.x-k8s.io, kind: JobSet, template: \"/spec/replicatedJobs/*/template/spec/template\"}\n");
  const auto rollout = [](json spec) { return NewReview({{"spec", std::move(spec)}}, "argoproj.io", "Rollout"); };
  EXPECT_EQ(Validate(policies, rollout({{"template", BadPod()}})), Outcome::kDeny);
  // Without a template it may be one that says so by a name misspelt in the policy: that is not kept quiet.
  const Answer none = Review(Door::kValidate, {policies}, rollout({{"workloadRef", "x"}}).dump());
  EXPECT_EQ(none.decision.outcome, Outcome::kWarn);
  EXPECT_THAT(none.decision.warnings,
              ElementsAre("nothing was judged: this Rollout holds no pod template at /spec/template, where "
                          "spec.workloads of a policy says it does"));
  EXPECT_EQ(Validate(policies, rollout({{"template", 7}})), Outcome::kRefuse);
  EXPECT_EQ(Validate(policies, rollout("x")), Outcome::kRefuse);

  json good = BadPod();
  good["spec"]["containers"][0]["image"] = "a:1";
  const auto jobs = [](std::vector<std::pair<std::string, json>> templates) {
    json list = json::array();
    for (auto& [name, pod] : templates) {
      list.push_back({{"name", name}, {"template", {{"spec", {{"template", std::move(pod)}}}}}});
    }
    return json{{"spec", {{"replicatedJobs", std::move(list)}}}};
  };
  const json review = NewReview(jobs({{"a", good}, {"b", BadPod()}}), "jobset.x-k8s.io", "JobSet");
  const Answer denied = Review(Door::kValidate, {policies}, review.dump());
  EXPECT_EQ(denied.decision.outcome, Outcome::kDeny);
  EXPECT_THAT(denied.decision.message,
              HasSubstr("(spec.replicatedJobs[1].template.spec.template.spec.containers[0].image)"));
  // A template is the same by its element's name, wherever it stands.
  const auto update = [&](const json& now, const json& old) {
    return Validate(policies, UpdateReview(now, old, "", "jobset.x-k8s.io", "JobSet"));
  };
  EXPECT_EQ(update(jobs({{"a", good}, {"b", BadPod()}}), jobs({{"b", BadPod()}})), Outcome::kAllow);
  EXPECT_EQ(update(jobs({{"b", BadPod()}, {"c", BadPod()}}), jobs({{"b", BadPod()}})), Outcome::kDeny);
  EXPECT_EQ(Validate(policies, NewReview({{"spec", json::object()}}, "example.org", "Rollout")), Outcome::kRefuse);
}

// Elements without names come and go before others that nobody touched.
TEST(PolicyFeaturesTest, ATemplateIsFoundAgainWhereverItStands) {
  const PolicySet policies = PoliciesOf(
      "  controls: {image-tag: {}}\n  workloads: [{group: g.io, kind: Many, template: \"/spec/list/*/template\"}]\n");
  const auto pod = [](const std::string& image) {
    json made = BadPod();
    made["spec"]["containers"][0]["image"] = image;
    return made;
  };
  const auto many = [](const std::vector<std::pair<std::string, json>>& templates) {
    json list = json::array();
    for (const auto& [name, made] : templates) {
      list.push_back({{"template", made}});
      if (!name.empty()) list.back()["name"] = name;
    }
    return json{{"spec", {{"list", std::move(list)}}}};
  };
  const auto update = [&](const json& now, const json& old) {
    return Validate(policies, UpdateReview(now, old, "", "g.io", "Many"));
  };
  const json old = many({{"", pod("good:1")}, {"", pod("bad")}});
  EXPECT_EQ(update(many({{"", pod("bad")}}), old), Outcome::kAllow);
  EXPECT_EQ(update(many({{"", pod("x:1")}, {"", pod("good:1")}, {"", pod("bad")}}), old), Outcome::kAllow);
  EXPECT_EQ(update(many({{"", pod("bad")}, {"", pod("bad")}}), old), Outcome::kDeny);  // one of them is new
  EXPECT_EQ(update(many({{"renamed", pod("bad")}}), many({{"name", pod("bad")}})), Outcome::kAllow);
}

TEST(PolicyFeaturesTest, ANamespacesNameIsKnownWithoutAskingAnyone) {
  const PolicySet policies = PoliciesOf(StrCat(
      "  match: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: prod}}}\n", std::string(kTagOnly)));
  json review = NewReview(BadPod());
  EXPECT_EQ(Validate(policies, review), Outcome::kAllow);
  review["request"]["namespace"] = "prod";
  EXPECT_EQ(Validate(policies, review), Outcome::kDeny);
}

// What only the Pod can have is set although one container is exempt: it would be denied for want of it.
TEST(PolicyFeaturesTest, AnExemptContainerKeepsNothingFromThePodThatItIsDeniedFor) {
  const PolicySet policies = PoliciesOf(
      "  controls: {host-users: {inject: true}}\n  exemptions:\n"
      "    - {name: e, reason: r, controls: [\"*\"], match: {containers: [web]}}\n");
  json pod = BadPod();
  pod["spec"]["containers"].push_back({{"name", "log"}, {"image", "b"}});
  const json patch = PatchOf(json::parse(Review(Door::kMutate, {policies}, NewReview(pod).dump()).body));
  EXPECT_EQ(Validate(policies, NewReview(pod.patch(patch))), Outcome::kAllow) << patch;
}

TEST(PolicyFeaturesTest, TheTokenThatTheApiServerPutInGoesOutAgain) {
  const PolicySet policies = PoliciesOf(
      "  controls:\n    service-account-token: {inject: true}\n"
      "    empty-dir-size-limit: {inject: 1Gi}\n    read-only-root-filesystem: {inject: true, writablePaths: "
      "[/tmp]}\n");
  json pod = BadPod();
  pod["spec"]["volumes"] = json::parse(R"([{"name": "kube-api-access-x1y2z", "projected":
      {"sources": [{"serviceAccountToken": {"path": "token"}}]}}, {"name": "cache", "emptyDir": {}}])");
  pod["spec"]["containers"][0]["volumeMounts"] = json::parse(
      R"([{"name": "kube-api-access-x1y2z", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"},
          {"name": "cache", "mountPath": "/cache"}])");
  const json patch = PatchOf(json::parse(Review(Door::kMutate, {policies}, NewReview(pod).dump()).body));
  const json after = pod.patch(patch);
  EXPECT_EQ(Review(Door::kValidate, {policies}, NewReview(after).dump()).decision.message, "") << patch;
  EXPECT_EQ(after["spec"]["automountServiceAccountToken"], false);
  ASSERT_EQ(after["spec"]["volumes"].size(), 2u);
  EXPECT_EQ(after["spec"]["volumes"][0], json::parse(R"({"name": "cache", "emptyDir": {"sizeLimit": "1Gi"}})"));
  ASSERT_EQ(after["spec"]["containers"][0]["volumeMounts"].size(), 2u);
  EXPECT_EQ(after["spec"]["containers"][0]["volumeMounts"][0]["mountPath"], "/cache");
  EXPECT_EQ(after["spec"]["containers"][0]["volumeMounts"][1]["mountPath"], "/tmp");
}

TEST(PolicyFeaturesTest, SeveralPoliciesEachCountAndTheStrictestSpeaks) {
  const std::string head = "apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: ";
  const auto set =
      ParsePolicies(head + "all}\nspec: {mode: warn, controls: {image-tag: {}}}\n---\n" + head +
                        "strict}\nspec: {match: {namespaces: {include: [prod]}}, controls: {image-tag: }}\n",
                    "f.yaml");
  ASSERT_TRUE(set.ok()) << set.status();
  json review = NewReview(BadPod());
  EXPECT_EQ(Validate(**set, review), Outcome::kWarn);
  review["request"]["namespace"] = "prod";
  const Answer answer = Review(Door::kValidate, {**set}, review.dump());
  EXPECT_EQ(answer.decision.outcome, Outcome::kDeny);
  EXPECT_EQ(answer.decision.findings.size(), 2u);
  EXPECT_THAT(answer.decision.message, HasSubstr("[strict/image-tag]"));
  EXPECT_TRUE(answer.decision.warnings.empty());
}

// The few rules that are asked, of many that are not, are not taken for one another.
TEST(PolicyFeaturesTest, EachPolicyAsksItsOwnAmongManyThatDoNotMatch) {
  constexpr int kPolicies = 20;
  for (int other = 1; other < kPolicies; ++other) {
    std::string text;
    for (int i = 0; i < kPolicies; ++i) {
      StrAppend(&text, "---\napiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: p-", i,
                "}\nspec:\n  match: {namespaces: {include: [", i == 0 || i == other ? "default" : "none",
                "]}}\n  controls: {image-tag: {forbidden: [t-", i, "]}}\n");
    }
    const auto set = ParsePolicies(text, "f.yaml");
    ASSERT_TRUE(set.ok()) << set.status();
    for (const int tag : {0, other}) {
      json pod = BadPod();
      pod["spec"]["containers"][0]["image"] = StrCat("a:t-", tag);
      const Answer answer = Review(Door::kValidate, {**set}, NewReview(pod).dump());
      ASSERT_EQ(answer.decision.findings.size(), 1u) << other;
      EXPECT_EQ(answer.decision.findings[0].policy, StrCat("p-", tag));
    }
  }
}

// Which policy's name comes first in the alphabet decides nothing.
TEST(PolicyFeaturesTest, InjectionDoesNotDependOnTheOrderOfPolicies) {
  const std::string head = "apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: ";
  const std::string specs[] = {
      "}\nspec: {controls: {read-only-root-filesystem: {inject: true}, resources: {inject: {limits: {memory: "
      "512Mi}}}}}\n",
      "}\nspec: {controls: {read-only-root-filesystem: {inject: true, writablePaths: [/tmp]}, resources: {inject: "
      "{requests: {memory: 128Mi}}}}}\n"};
  json patched[2];
  for (const int first : {0, 1}) {
    const auto set = ParsePolicies(head + "a" + specs[first] + "---\n" + head + "b" + specs[1 - first], "f.yaml");
    ASSERT_TRUE(set.ok()) << set.status();
    const Answer answer = Review(Door::kMutate, {**set}, NewReview(BadPod()).dump());
    patched[first] = BadPod().patch(PatchOf(json::parse(answer.body)));
  }
  EXPECT_EQ(patched[0], patched[1]);
  const json& container = patched[0]["spec"]["containers"][0];
  EXPECT_EQ(container["volumeMounts"][0]["mountPath"], "/tmp");
  EXPECT_EQ(container["resources"], json::parse(R"({"limits":{"memory":"512Mi"},"requests":{"memory":"128Mi"}})"));
}

// What podSecurity injects is enough for what it asks for.
TEST(PolicyFeaturesTest, PodSecurityInjectsWhatItsLevelAsksFor) {
  const PolicySet policies = PoliciesOf("  podSecurity: {level: restricted, version: v1.34, inject: true}\n");
  EXPECT_EQ(Validate(policies, NewReview(BadPod())), Outcome::kDeny);
  const Answer mutated = Review(Door::kMutate, {policies}, NewReview(BadPod()).dump());
  const json after = BadPod().patch(PatchOf(json::parse(mutated.body)));
  EXPECT_EQ(Validate(policies, NewReview(after)), Outcome::kAllow);
  EXPECT_EQ(after["spec"]["securityContext"], json::parse(R"({"seccompProfile":{"type":"RuntimeDefault"}})"));
  EXPECT_EQ(after["spec"]["containers"][0]["securityContext"],
            json::parse(R"({"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"runAsNonRoot":true})"));
  json privileged = BadPod();
  privileged["spec"]["hostPID"] = true;
  const Answer denied = Review(Door::kValidate, {policies}, NewReview(privileged).dump());
  EXPECT_THAT(denied.decision.message, HasSubstr("pod must not set hostPID=true (spec.hostPID)"));
}

TEST(PolicyFeaturesTest, AnExemptContainerDoesNotGetTheProfileOfItsPod) {
  const PolicySet policies = PoliciesOf(
      "  controls: {seccomp-profile-restricted: {inject: true}}\n  exemptions:\n"
      "    - {name: e, reason: r, controls: [\"*\"], match: {containers: [web]}}\n");
  json pod = BadPod();
  pod["spec"]["containers"].push_back({{"name", "log"}, {"image", "b"}});
  const json patch = PatchOf(json::parse(Review(Door::kMutate, {policies}, NewReview(pod).dump()).body));
  ASSERT_EQ(patch.size(), 1u) << patch;
  EXPECT_EQ(patch[0]["path"], "/spec/containers/1/securityContext");
}

}  // namespace
}  // namespace tidewaiter
