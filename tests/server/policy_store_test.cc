// SPDX-License-Identifier: Apache-2.0
//
// What the store tells of resources, and when.
#include "webhook/server/policy_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/kube/json.h"
#include "webhook/policy/policy_loader.h"
#include "webhook/policy/policy_resource.h"

namespace tidewaiter {
namespace {

using ::testing::HasSubstr;

PolicyResource Resource(const std::string& control, std::int64_t generation) {
  const std::string text =
      R"({"apiVersion":"tidewaiter.dev/v1alpha1","kind":"PodPolicy","metadata":{"name":"a"},"spec":{"controls":{")" +
      control + R"(":{}}}})";
  return {.name = "a", .uid = "u", .generation = generation, .text = std::make_shared<const std::string>(text)};
}

class PolicyStoreTest : public ::testing::Test {
 protected:
  void ExpectReloads(int good, int bad) {
    const std::string text = metrics_.Render();
    EXPECT_THAT(text, HasSubstr("policy_reloads_total{result=\"success\"} " + std::to_string(good)));
    EXPECT_THAT(text, HasSubstr("policy_reloads_total{result=\"failure\"} " + std::to_string(bad)));
  }
  Metrics metrics_{"0"};
  Log log_{LogLevel::kError, -1};
  PolicyStore store_{metrics_, log_};
};

TEST_F(PolicyStoreTest, EachChangeCountsOnce) {
  EXPECT_EQ(store_.policies()->policies().size(), 0u);
  store_.SetResources({Resource("image-tag", 1)});
  store_.SetResources({Resource("image-tag", 1)});
  ExpectReloads(1, 0);
  EXPECT_EQ(store_.policies()->policies().size(), 1u);
  store_.SetResources({Resource("imag-tag", 2)});
  store_.SetFiles({});
  ExpectReloads(1, 1);
  EXPECT_EQ(store_.policies()->policies().size(), 1u);
  EXPECT_TRUE(store_.outcomes()[0].keeps_last_good);
  EXPECT_THAT(metrics_.Render(), HasSubstr("tidewaiter_policies_invalid{source=\"resources\"} 1"));
  store_.SetResources({});
  ExpectReloads(2, 1);
  EXPECT_EQ(store_.policies()->policies().size(), 0u);
  EXPECT_THAT(metrics_.Render(), HasSubstr("tidewaiter_policies_loaded 0"));
  EXPECT_THAT(metrics_.Render(), HasSubstr("tidewaiter_policies_invalid{source=\"resources\"} 0"));
}

TEST_F(PolicyStoreTest, ReviewsWaitForTheFirstResources) {
  store_.SetFiles(ReadPolicyFiles({}).value());
  EXPECT_EQ(store_.policies_for_reviews(), store_.policies());
  store_.ExpectResources();
  EXPECT_EQ(store_.policies_for_reviews(), nullptr);
  store_.SetFiles(ReadPolicyFiles({}).value());
  EXPECT_EQ(store_.policies_for_reviews(), nullptr) << "files are not what was waited for";
  store_.SetResources({});
  ASSERT_NE(store_.policies_for_reviews(), nullptr);
  EXPECT_EQ(store_.policies_for_reviews(), store_.policies());
}

TEST_F(PolicyStoreTest, FilesAndResourcesAreKeptApart) {
  store_.SetResources({Resource("image-tag", 1)});
  store_.SetFiles(ReadPolicyFiles({}).value());
  EXPECT_EQ(store_.policies()->policies().size(), 2u);
  store_.SetFiles({});
  EXPECT_EQ(store_.policies()->policies().size(), 1u);
}

}  // namespace
}  // namespace tidewaiter
