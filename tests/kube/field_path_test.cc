// SPDX-License-Identifier: Apache-2.0
//
// Pointers as field paths.
#include "webhook/kube/field_path.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

TEST(FieldPathTest, Table) {
  const std::pair<const char*, const char*> rows[] = {
      {"", ""},
      {"/spec", "spec"},
      {"/spec/containers/0/image", "spec.containers[0].image"},
      {"/spec/containers/10", "spec.containers[10]"},
      {"/metadata/annotations/kubernetes.io~1x", "metadata.annotations[kubernetes.io/x]"},
      {"/a/b~0c", "a.b~c"},
      {"/spec/resources/limits/ephemeral-storage", "spec.resources.limits.ephemeral-storage"},
  };
  for (const auto& [pointer, path] : rows) EXPECT_EQ(FieldPath(pointer), path);
  EXPECT_EQ(EscapePointerToken("a/b~c"), "a~1b~0c");
}

}  // namespace
}  // namespace tidewaiter
