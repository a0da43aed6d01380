// SPDX-License-Identifier: Apache-2.0
//
// How long the next start waits; all else needs processes: tests/integration/supervise_test.py.
#include "webhook/server/supervisor.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;

TEST(SupervisorTest, RestartDelayDoublesUpToItsBound) {
  const int expected[] = {0, 0, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000};
  for (int failures = 0; failures < static_cast<int>(std::size(expected)); ++failures) {
    EXPECT_EQ(RestartDelay(failures), milliseconds{expected[failures]}) << failures;
  }
  EXPECT_EQ(RestartDelay(1'000'000), milliseconds{5000});
}

}  // namespace
}  // namespace tidewaiter
