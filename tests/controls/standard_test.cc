// SPDX-License-Identifier: Apache-2.0
//
// Versions of the Pod Security Standards as policies write them.
#include "webhook/controls/base/standard.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

TEST(StandardTest, Versions) {
  EXPECT_EQ(ParseStandardVersion("latest").value(), kNewestStandardMinor);
  EXPECT_EQ(ParseStandardVersion("v1.0").value(), 0);
  EXPECT_EQ(ParseStandardVersion("v1.24").value(), 24);
  EXPECT_EQ(ParseStandardVersion("v1.99").value(), kNewestStandardMinor);
  for (const char* text : {"", "1.24", "v1", "v1.", "v1.x", "v1.024", "v1.-1", "v2.0", "v1.24.1", "Latest", "v1.1e1",
                           "v1.99999999999999999999"}) {
    EXPECT_FALSE(ParseStandardVersion(text).ok()) << text;
  }
}

}  // namespace
}  // namespace tidewaiter
