// SPDX-License-Identifier: Apache-2.0
//
// Paths of a node: one spelling for each, and which may stand in settings.
#include <gtest/gtest.h>

#include "webhook/controls/base/paths.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

TEST(NodePathsTest, OneSpelling) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"/", "/"},
      {"", "/"},
      {"//", "/"},
      {"/a/b", "/a/b"},
      {"/a//b/", "/a/b"},
      {"/./a/./b/.", "/a/b"},
      {"/a/../b", "/b"},
      {"/../../b", "/b"},
      {"/a/..", "/"},
      {"a/b", "/a/b"},
      {"/var/run", "/run"},
      {"/var/run/docker.sock", "/run/docker.sock"},
      {"/var//./run/x", "/run/x"},
      {"/var/lib/../run/x", "/run/x"},
      {"/var/runs", "/var/runs"},
      {"/x/var/run", "/x/var/run"},
      {"/...", "/..."},
      {R"(\\.\pipe\Docker_Engine)", "//./pipe/docker_engine"},
      {"//./pipe/docker_engine", "//./pipe/docker_engine"},
  };
  for (const auto& [path, normal] : rows) {
    EXPECT_EQ(NormalNodePath(path), normal) << path;
    EXPECT_EQ(NormalNodePath(normal), normal) << path;
  }
}

TEST(NodePathsTest, Settings) {
  EXPECT_TRUE(CheckNodePaths({"/", "/a/b/", R"(\\.\pipe\x)"}).ok());
  EXPECT_EQ(MessageOf(CheckNodePaths({})), "must hold at least one path");
  EXPECT_EQ(MessageOf(CheckNodePaths({"/a", "a"})), "\"a\" is not an absolute path");
  EXPECT_EQ(MessageOf(CheckNodePaths({""})), "\"\" is not an absolute path");
}

}  // namespace
}  // namespace tidewaiter
