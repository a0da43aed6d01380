// SPDX-License-Identifier: Apache-2.0
//
// spec.match and spec.exemptions[*].match: who they hold for.
#include "webhook/policy/match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/policies.h"

namespace tidewaiter {
namespace {

TEST(MatchTest, NamespacesAndKinds) {
  const struct {
    const char* match;
    const char* name_space;
    const char* group;
    const char* kind;
    bool holds;
  } rows[] = {
      {"{}", "shop-eu", "", "Pod", true},
      {"{namespaces: {include: [\"shop-*\"]}}", "shop-eu", "", "Pod", true},
      {"{namespaces: {include: [shop]}}", "shop-eu", "", "Pod", false},
      {"{namespaces: {include: [a, \"*-eu\"]}}", "shop-eu", "", "Pod", true},
      {"{namespaces: {include: [a, shop-eu]}}", "shop-eu", "", "Pod", true},
      {"{namespaces: {include: [\"*\"], exclude: [\"shop-??\"]}}", "shop-eu", "", "Pod", false},
      {"{namespaces: {exclude: [\"kube-*\"]}}", "shop-eu", "", "Pod", true},
      {"{kinds: [Deployment]}", "shop-eu", "", "Pod", false},
      {"{kinds: [Deployment, Pod]}", "shop-eu", "", "Pod", true},
      {"{namespaces: {include: [other]}, kinds: [Pod]}", "shop-eu", "", "Pod", false},
      // A built-in kind by its name is Kubernetes' own, not a namesake of another group.
      {"{kinds: [Job]}", "a", "batch", "Job", true},
      {"{kinds: [Job]}", "a", "batch.volcano.sh", "Job", false},
      {"{kinds: [Job.batch]}", "a", "batch", "Job", true},
      {"{kinds: [Job.batch.volcano.sh]}", "a", "batch.volcano.sh", "Job", true},
      {"{kinds: [Job.batch.volcano.sh]}", "a", "batch", "Job", false},
      {"{kinds: [Rollout]}", "a", "argoproj.io", "Rollout", true},
      {"{kinds: [Rollout.argoproj.io]}", "a", "example.org", "Rollout", false},
  };
  for (const auto& row : rows) {
    const PolicySet policies =
        PoliciesOf(StrCat("  match: ", row.match,
                          "\n  controls: {image-tag: {}}\n  workloads:\n"
                          "    - {group: argoproj.io, kind: Rollout, template: /spec/template}\n"
                          "    - {group: batch.volcano.sh, kind: Job, template: \"/spec/tasks/*/template\"}\n"));
    const MatchSubject subject{.namespace_name = row.name_space, .group = row.group, .kind = row.kind};
    EXPECT_EQ(policies.policies().at(0).match.HoldsAt(subject), row.holds) << row.match << " " << row.group;
  }
}

TEST(MatchTest, WhatPoliciesAskAlikeIsOneRule) {
  const std::string head = "apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\n";
  const auto set = ParsePolicies(
      head + "metadata: {name: a}\nspec: {controls: {image-tag: {forbidden: [latest, dev]}, image-digest: {}}}\n---\n" +
          head +
          "metadata: {name: b}\nspec:\n  controls:\n    image-tag:\n      forbidden:\n      - latest\n      - dev\n"
          "      mode: warn\n---\n" +
          head + "metadata: {name: c}\nspec: {controls: {image-tag: {forbidden: [dev, latest]}, image-digest: {}}}\n",
      "f.yaml");
  ASSERT_TRUE(set.ok()) << set.status();
  const auto rule = [&](std::size_t policy, std::size_t control) {
    return (*set)->policies()[policy].controls[control].rule;
  };
  EXPECT_EQ((*set)->rule_count(), 3u);
  EXPECT_EQ(rule(0, 1), rule(1, 0));
  EXPECT_NE(rule(0, 1), rule(2, 1));
  EXPECT_EQ(rule(0, 0), rule(2, 0));
}

Exemption ExemptionOf(const std::string& match) {
  const PolicySet policies = PoliciesOf(
      "  controls: {image-tag: {}}\n  exemptions:\n    - {name: e, reason: r, controls: [\"*\"], match: " + match +
      "}\n");
  return policies.policies()[0].exemptions.at(0);
}

TEST(ExemptionTest, HoldsForTheWorkload) {
  const ExemptionSubject subject{.namespace_name = "monitoring",
                                 .names = {"node-exporter-", "node-exporter"},
                                 .service_account = "exporter",
                                 .user = "system:serviceaccount:kube-system:daemon-set-controller"};
  const std::pair<const char*, bool> rows[] = {
      {"{namespaces: [monitoring]}", true},
      {"{namespaces: [\"mon*\"], names: [\"node-exporter*\"]}", true},
      {"{namespaces: [other], names: [\"node-exporter*\"]}", false},
      {"{names: [\"node-exporter-*\"]}", true},
      {"{names: [node-exporter]}", true},
      {"{names: [exporter]}", false},
      {"{serviceAccounts: [exporter]}", true},
      {"{serviceAccounts: [default]}", false},
      {"{users: [\"system:serviceaccount:ci:*\"]}", false},
      {"{images: [x], namespaces: [monitoring]}", true},
  };
  for (const auto& [match, holds] : rows) EXPECT_EQ(ExemptionOf(match).HoldsFor(subject), holds) << match;
}

// What names the Pods holds for the object that makes them.
TEST(ExemptionTest, NamesOfThePodsOfAnObject) {
  const std::pair<const char*, bool> rows[] = {
      {"{names: [\"node-exporter-*\"]}", true},
      {"{names: [\"node-*\"]}", true},
      {"{names: [\"node-exporter-x*\"]}", false},
      {"{names: [\"exporter-*\"]}", false},
  };
  for (const auto& [match, holds] : rows) {
    const Exemption exemption = ExemptionOf(match);
    EXPECT_EQ(
        exemption.HoldsFor({.namespace_name = "n", .names = {"node-exporter"}, .service_account = "", .user = ""}),
        holds)
        << match;
  }
}

TEST(ExemptionTest, HoldsForTheContainer) {
  Container container;
  container.name = "exporter";
  container.image = "nginx:1.27";
  const std::pair<const char*, bool> rows[] = {
      {"{containers: [exporter]}", true},
      {"{containers: [\"*x*\"]}", true},
      {"{containers: [web]}", false},
      {"{images: [docker.io/library/nginx]}", true},
      {"{images: [\"docker.io/library/nginx:1.*\"]}", true},
      {"{images: [nginx]}", true},
      {"{images: [\"nginx:1.*\"]}", true},
      {"{images: [\"nginx:2.*\"]}", false},
      {"{images: [\"team/*\"]}", false},
      {"{images: [\"*/nginx\"], containers: [web]}", false},
      {"{images: [\"*/nginx\"], containers: [exporter]}", true},
      {"{namespaces: [a]}", true},
  };
  for (const auto& [match, holds] : rows)
    EXPECT_EQ(ExemptionOf(match).HoldsForContainer(ExemptionContainer(container)), holds) << match;
  const std::string pinned = "nginx:1.27@sha256:" + std::string(64, 'a');
  container.image = pinned;
  EXPECT_TRUE(ExemptionOf("{images: [docker.io/library/nginx:1.27]}").HoldsForContainer(ExemptionContainer(container)));
  EXPECT_FALSE(
      ExemptionOf("{images: [docker.io/library/nginx:1.28]}").HoldsForContainer(ExemptionContainer(container)));
  container.image = "NOT AN IMAGE";
  EXPECT_FALSE(ExemptionOf("{images: [\"*\"]}").HoldsForContainer(ExemptionContainer(container)));
}

TEST(ExemptionTest, LastsThroughItsLastDay) {
  Exemption exemption;
  EXPECT_FALSE(exemption.IsOver(Date(9999, 12, 31)));
  exemption.until = Date(2027, 6, 30);
  EXPECT_FALSE(exemption.IsOver(Date(2027, 6, 30)));
  EXPECT_TRUE(exemption.IsOver(Date(2027, 7, 1)));
}

}  // namespace
}  // namespace tidewaiter
