// SPDX-License-Identifier: Apache-2.0
//
// Files and resources together: each resource stands for itself, and falls back to what it last was.
#include "webhook/policy/policy_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/kube/text.h"
#include "webhook/policy/policy_resource.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using State = ResourceOutcome::State;

PolicyResource Resource(const std::string& name, const std::string& spec, std::int64_t generation = 1) {
  const std::string text = StrCat(R"({"apiVersion":"tidewaiter.dev/v1alpha1","kind":"PodPolicy","metadata":{"name":")",
                                  name, R"(","uid":"u"},"spec":)", spec, "}");
  return {.name = name, .uid = "u", .generation = generation, .text = std::make_shared<const std::string>(text)};
}

PolicyParts File(const std::string& text) {
  PolicyParts parts;
  PolicyErrors errors;
  const auto documents = ParseYaml(text, "file.yaml");
  for (const DocumentNode& document : *documents) ReadPolicy(document, parts, errors);
  EXPECT_TRUE(errors.is_empty());
  return parts;
}

std::vector<std::string> Names(const MergedPolicies& merged) {
  std::vector<std::string> names;
  for (const Policy& policy : merged.policies->policies()) names.push_back(policy.name);
  return names;
}

constexpr char kGood[] = R"({"controls":{"image-tag":{}}})";
constexpr char kBad[] = R"({"controls":{"imag-tag":{}}})";
constexpr char kFile[] =
    "apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: file}\nspec: {controls: {host-ports: {}}}";

TEST(PolicyMergeTest, FilesAndResources) {
  PolicyMerger merger;
  merger.SetFiles(File(kFile));
  merger.SetResources({Resource("b", kGood), Resource("a", kGood)});
  const MergedPolicies merged = merger.Merge();
  EXPECT_THAT(Names(merged), ElementsAre("a", "b", "file"));
  EXPECT_EQ(merged.policies->policies()[0].source, "podpolicy/a");
  EXPECT_EQ(merged.outcomes[0].name, "b");
  EXPECT_EQ(merged.outcomes[0].controls, 1u);
  EXPECT_EQ(merged.outcomes[0].state, State::kApplied);
}

TEST(PolicyMergeTest, ABadOneTakesNoOtherWithIt) {
  PolicyMerger merger;
  merger.SetResources({Resource("a", kBad), Resource("b", kGood)});
  const MergedPolicies merged = merger.Merge();
  EXPECT_THAT(Names(merged), ElementsAre("b"));
  EXPECT_EQ(merged.outcomes[0].state, State::kInvalid);
  EXPECT_EQ(merged.outcomes[0].error,
            "podpolicy/a: spec.controls.imag-tag: unknown control; did you mean \"image-tag\"?");
  EXPECT_FALSE(merged.outcomes[0].keeps_last_good);
}

TEST(PolicyMergeTest, TheLastGoodVersionStaysUntilItIsDeletedOrMadeAnew) {
  PolicyMerger merger;
  merger.SetResources({Resource("a", kGood)});
  merger.Merge();
  for (int i = 0; i < 2; ++i) {
    merger.SetResources({Resource("a", kBad, 2)});
    const MergedPolicies merged = merger.Merge();
    EXPECT_THAT(Names(merged), ElementsAre("a"));
    EXPECT_TRUE(merged.outcomes[0].keeps_last_good);
    EXPECT_EQ(merged.outcomes[0].controls, 1u);
  }
  PolicyResource anew = Resource("a", kBad);
  anew.uid = "another";
  merger.SetResources({anew});
  EXPECT_THAT(Names(merger.Merge()), ElementsAre());
  merger.SetResources({Resource("a", kGood)});
  merger.Merge();
  merger.SetResources({});
  EXPECT_THAT(Names(merger.Merge()), ElementsAre());
  merger.SetResources({Resource("a", kBad)});
  EXPECT_THAT(Names(merger.Merge()), ElementsAre());
}

TEST(PolicyMergeTest, AFileWins) {
  PolicyMerger merger;
  merger.SetFiles(File(kFile));
  merger.SetResources({Resource("file", kGood)});
  MergedPolicies merged = merger.Merge();
  EXPECT_THAT(Names(merged), ElementsAre("file"));
  EXPECT_EQ(merged.policies->policies()[0].source, "file.yaml:1");
  EXPECT_EQ(merged.outcomes[0].state, State::kShadowed);
  EXPECT_EQ(merged.outcomes[0].error,
            "podpolicy/file: not in force: the policy at file.yaml:1 has the same name and wins");
  merger.SetFiles({});
  merged = merger.Merge();
  EXPECT_EQ(merged.outcomes[0].state, State::kApplied);
  EXPECT_EQ(merged.policies->policies()[0].source, "podpolicy/file");
}

TEST(PolicyMergeTest, RowsOfOneExplainTheKindsOfAnother) {
  const char kKind[] = R"({"controls":{"image-tag":{}},"match":{"kinds":["Rollout"]}})";
  const char kRow[] =
      R"({"controls":{"image-tag":{}},"workloads":[{"group":"a.io","kind":"Rollout","template":"/spec/template"}]})";
  PolicyMerger merger;
  merger.SetResources({Resource("kind", kKind)});
  MergedPolicies merged = merger.Merge();
  EXPECT_EQ(merged.outcomes[0].state, State::kInvalid);
  EXPECT_THAT(merged.outcomes[0].error, HasSubstr("podpolicy/kind: spec.match.kinds[0]: \"Rollout\" is none of"));
  merger.SetResources({Resource("kind", kKind), Resource("row", kRow)});
  merged = merger.Merge();
  EXPECT_THAT(Names(merged), ElementsAre("kind", "row"));
  EXPECT_EQ(merged.policies->workloads().size(), 1u);
  merger.SetResources({Resource("kind", kKind)});
  merged = merger.Merge();
  EXPECT_EQ(merged.outcomes[0].state, State::kInvalid);
  EXPECT_TRUE(merged.outcomes[0].keeps_last_good);
}

TEST(PolicyMergeTest, WhatCouldNotBeRead) {
  PolicyMerger merger;
  PolicyResource resource = Resource("a", "{}");
  resource.text = std::make_shared<const std::string>("[]");
  merger.SetResources({resource});
  EXPECT_THAT(merger.Merge().outcomes[0].error, HasSubstr("podpolicy/a: "));
  EXPECT_EQ(merger.Merge().outcomes[0].state, State::kInvalid);
}

}  // namespace
}  // namespace tidewaiter
