// SPDX-License-Identifier: Apache-2.0
//
// Ceilings, jitter, reset.
#include "webhook/cluster/backoff.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;

TEST(BackoffTest, TheCeilingDoublesUpToTheMost) {
  Backoff backoff({.first = milliseconds(100), .most = milliseconds(1000)}, [] { return 0.5; });
  std::vector<long> pauses;
  for (int i = 0; i < 6; ++i) pauses.push_back(backoff.Next().count());
  EXPECT_EQ(pauses, (std::vector<long>{50, 100, 200, 400, 500, 500}));
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), milliseconds(50));
}

TEST(BackoffTest, JitterReachesFromNothingToTheCeiling) {
  double fraction = 0;
  Backoff backoff({.first = milliseconds(1000), .most = milliseconds(1000)}, [&] { return fraction; });
  EXPECT_EQ(backoff.Next(), milliseconds(0));
  fraction = 0.9999;
  EXPECT_EQ(backoff.Next(), milliseconds(999));
}

TEST(BackoffTest, RandomFractionIsAFraction) {
  for (int i = 0; i < 1000; ++i) {
    const double fraction = RandomFraction();
    EXPECT_GE(fraction, 0);
    EXPECT_LT(fraction, 1);
  }
}

}  // namespace
}  // namespace tidewaiter
