// SPDX-License-Identifier: Apache-2.0
//
// Which options go together, and where the configuration comes from.
#include "webhook/cli/cluster_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tests/testing/temporary_folder.h"

namespace tidewaiter {
namespace {

using ::testing::HasSubstr;

constexpr char kKubeconfig[] = R"({"apiVersion": "v1", "kind": "Config", "current-context": "one",
  "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}},
               {"name": "d", "cluster": {"server": "http://127.0.0.1:2"}}],
  "users": [{"name": "u", "user": {}}],
  "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u"}},
               {"name": "two", "context": {"cluster": "d", "user": "u"}}]})";

// The options after parsing; nullopt when they do not go together.
std::optional<ClusterOptions> Parse(std::vector<std::string> arguments) {
  CLI::App app;
  ClusterOptions options;
  AddClusterOptions(app, options);
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError&) {
    return std::nullopt;
  }
  return options;
}

TEST(ClusterOptionsTest, WhatGoesTogether) {
  EXPECT_TRUE(Parse({}).has_value());
  EXPECT_TRUE(Parse({"--cluster"}).has_value());
  EXPECT_TRUE(Parse({"--cluster", "--kubeconfig", "f", "--context", "c"}).has_value());
  EXPECT_FALSE(Parse({"--kubeconfig", "f"}).has_value());
  EXPECT_FALSE(Parse({"--cluster", "--context", "c"}).has_value());
}

TEST(ClusterOptionsTest, WithoutClusterThereIsNone) {
  const auto config = LoadClusterConfig(*Parse({}));
  ASSERT_TRUE(config.ok());
  EXPECT_FALSE(config->has_value());
}

TEST(ClusterOptionsTest, Kubeconfig) {
  const TemporaryFolder folder;
  folder.Write("config", kKubeconfig);
  const std::string path = folder.Path("config");
  const auto current = LoadClusterConfig({.is_enabled = true, .kubeconfig = path, .context = {}});
  ASSERT_TRUE(current.ok()) << current.status();
  EXPECT_EQ((*current)->port, 1);
  EXPECT_EQ((*LoadClusterConfig({.is_enabled = true, .kubeconfig = path, .context = "two"}))->port, 2);
  EXPECT_THAT(LoadClusterConfig({.is_enabled = true, .kubeconfig = path, .context = "x"}).status().message(),
              HasSubstr("x"));
}

}  // namespace
}  // namespace tidewaiter
