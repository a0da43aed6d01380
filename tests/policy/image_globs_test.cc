// SPDX-License-Identifier: Apache-2.0
//
// Each way to write a glob of images, what it becomes, and what is refused because it could fit nothing.
#include "webhook/policy/image_globs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

TEST(ImageGlobsTest, NormalForm) {
  const std::pair<const char*, const char*> rows[] = {
      {"nginx", "docker.io/library/nginx"},
      {"nginx:1.27", "docker.io/library/nginx:1.27"},
      {"nginx:1.*", "docker.io/library/nginx:1.*"},
      {"nginx*", "docker.io/library/nginx*"},
      {"ngin?", "docker.io/library/ngin?"},
      {"nginx@sha256:*", "docker.io/library/nginx@sha256:*"},
      {"team/app", "docker.io/team/app"},
      {"team/*", "docker.io/team/*"},
      {"team/app:v*", "docker.io/team/app:v*"},
      {"docker.io/nginx", "docker.io/library/nginx"},
      {"docker.io/*", "docker.io/*"},
      {"index.docker.io/team/*", "docker.io/team/*"},
      {"ghcr.io*", "ghcr.io*"},
      {"ghcr.io/*", "ghcr.io/*"},
      {"ghcr.io/team/app:v1", "ghcr.io/team/app:v1"},
      {"reg*.example.com/app", "reg*.example.com/app"},
      {"registry:5000/*", "registry:5000/*"},
      {"localhost/*", "localhost/*"},
      {"*", "*"},
      {"*/nginx:*", "*/nginx:*"},
      {"?.example.com/*", "?.example.com/*"},
  };
  for (const auto& [glob, expected] : rows) {
    const absl::StatusOr<std::string> normal = NormalImageGlob(glob);
    EXPECT_EQ(normal.ok() ? *normal : normal.status().ToString(), expected) << glob;
    if (normal.ok()) {
      EXPECT_EQ(NormalImageGlob(*normal).value_or("refused"), *normal) << glob;
    }
  }
}

TEST(ImageGlobsTest, WhatFitsNothing) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "must not be empty"},
      {"a b", "white space"},
      {"https://ghcr.io/*", "must not begin with a scheme"},
      {"https://ghcr.io/a", "must not begin with a scheme"},
      {"ghcr.io", "for all its images write \"ghcr.io/*\""},
      {"ghcr.io/", "the repository name is missing"},
      {"reg*/app", "begin with a whole one (\"docker.io/reg*/app\") or with *"},
      {"Team/App", "lower case"},
      {"nginx:", "nginx:"},
  };
  for (const auto& [glob, expected] : rows) {
    const absl::Status status = NormalImageGlob(glob).status();
    EXPECT_FALSE(status.ok()) << glob;
    EXPECT_THAT(std::string(MessageOf(status)), ::testing::HasSubstr(expected)) << glob;
  }
}

}  // namespace
}  // namespace tidewaiter
