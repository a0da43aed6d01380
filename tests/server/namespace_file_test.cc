// SPDX-License-Identifier: Apache-2.0
//
// What is good takes the place of what was; what is not changes nothing.
#include "webhook/server/namespace_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace tidewaiter {
namespace {

class NamespaceFileTest : public ::testing::Test {
 protected:
  ~NamespaceFileTest() override { std::filesystem::remove(path_); }
  void Write(const std::string& text) const { std::ofstream(path_) << text; }

  const std::string path_ = ::testing::TempDir() + "namespaces.yaml";
};

TEST_F(NamespaceFileTest, GoodIsTakenAndBadChangesNothing) {
  NamespaceFile file(path_);
  EXPECT_FALSE(file.Read().ok());
  EXPECT_EQ(file.FindLabels("shop"), nullptr);
  Write("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: prod}}\n");
  ASSERT_TRUE(file.Read().ok());
  ASSERT_NE(file.FindLabels("shop"), nullptr);
  EXPECT_EQ(file.FindLabels("shop")->at("env"), "prod");
  Write("kind: Namespaces\n");
  EXPECT_FALSE(file.Read().ok());
  EXPECT_EQ(file.FindLabels("shop")->at("env"), "prod");
  Write("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: test}}\n");
  ASSERT_TRUE(file.Read().ok());
  EXPECT_EQ(file.FindLabels("shop")->at("env"), "test");
}

}  // namespace
}  // namespace tidewaiter
