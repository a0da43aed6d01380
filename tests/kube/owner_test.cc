// SPDX-License-Identifier: Apache-2.0
//
// Names of workloads behind the names of their Pods.
#include "webhook/kube/owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <string>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;

ObjectMeta Meta(std::string_view name, std::string_view generate_name = "") {
  ObjectMeta metadata;
  metadata.name = name;
  metadata.generate_name = generate_name;
  return metadata;
}

ObjectMeta OwnedBy(std::string_view kind, std::string_view owner, std::string_view hash = "") {
  static std::list<std::string> generated;
  ObjectMeta metadata = Meta("", generated.emplace_back(StrCat(owner, "-")));
  metadata.owner_references.push_back({.kind = kind, .name = owner, .uid = "u", .controller = true});
  if (!hash.empty()) metadata.labels.Set("pod-template-hash", hash);
  return metadata;
}

TEST(OwnerTest, RootName) {
  EXPECT_EQ(RootName(Meta("shop")), "shop");
  EXPECT_EQ(RootName(Meta("", "shop-")), "shop");
  EXPECT_EQ(RootName(Meta("")), "");
  EXPECT_EQ(RootName(OwnedBy("ReplicaSet", "shop-7d9f6c5b8", "7d9f6c5b8")), "shop");
  EXPECT_EQ(RootName(OwnedBy("ReplicaSet", "shop-7d9f6c5b8")), "shop-7d9f6c5b8");
  ObjectMeta rollout = OwnedBy("ReplicaSet", "shop-6b7f9d4c5");
  rollout.labels.Set("rollouts-pod-template-hash", "6b7f9d4c5");
  EXPECT_EQ(RootName(rollout), "shop");
  EXPECT_EQ(RootName(OwnedBy("ReplicaSet", "shop-other", "7d9f6c5b8")), "shop-other");
  EXPECT_EQ(RootName(OwnedBy("ReplicaSet", "7d9f6c5b8", "7d9f6c5b8")), "7d9f6c5b8");
  EXPECT_EQ(RootName(OwnedBy("Job", "backup-28391230")), "backup");
  EXPECT_EQ(RootName(OwnedBy("Job", "backup-2839123")), "backup-2839123");
  EXPECT_EQ(RootName(OwnedBy("Job", "28391230")), "28391230");
  EXPECT_EQ(RootName(OwnedBy("Job", "-28391230")), "-28391230");
  EXPECT_EQ(RootName(OwnedBy("DaemonSet", "node-exporter")), "node-exporter");
  EXPECT_EQ(RootName(OwnedBy("Deployment", "shop")), "shop");
  ObjectMeta helper = OwnedBy("ReplicaSet", "x");
  helper.owner_references[0].controller = false;
  EXPECT_EQ(RootName(helper), "x");  // from its generateName
}

TEST(OwnerTest, KnownNames) {
  EXPECT_THAT(KnownNames(Meta("shop")), ElementsAre("shop"));
  EXPECT_THAT(KnownNames(Meta("", "shop-")), ElementsAre("shop-", "shop"));
  EXPECT_THAT(KnownNames(OwnedBy("ReplicaSet", "shop-7d9f", "7d9f")), ElementsAre("shop-7d9f-", "shop-7d9f", "shop"));
}

}  // namespace
}  // namespace tidewaiter
