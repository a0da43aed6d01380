// SPDX-License-Identifier: Apache-2.0
//
// One question for many who ask.
#include "webhook/cluster/single_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/testing/tls_client.h"

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;

TEST(SingleFlightTest, ManyWhoAskAtOnceAskOnce) {
  SingleFlight<int> flights{milliseconds(1000)};
  std::atomic<int> asked = 0, started = 0;
  std::atomic<bool> is_released = false;
  std::vector<std::thread> threads;
  std::atomic<int> sum = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      ++started;
      const auto result = flights.Get("a", milliseconds(10'000), [&](milliseconds) -> absl::StatusOr<int> {
        ++asked;
        EXPECT_TRUE(Eventually([&] { return is_released.load(); }));
        return 7;
      });
      sum += result.value();
    });
  }
  EXPECT_TRUE(Eventually([&] { return started == 6 && asked == 1; }));
  is_released = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, 42);
  // A thread that came only after the answer has asked by itself: the cache of good answers is the caller's.
  EXPECT_LE(asked, 6);
}

TEST(SingleFlightTest, AFailureHoldsForAWhile) {
  std::chrono::steady_clock::time_point now{};
  SingleFlight<int> flights{milliseconds(1000), [&] { return now; }};
  int asked = 0;
  const auto ask = [&](milliseconds) -> absl::StatusOr<int> {
    ++asked;
    return absl::NotFoundError("none");
  };
  EXPECT_TRUE(absl::IsNotFound(flights.Get("a", milliseconds(1), ask).status()));
  now += milliseconds(999);
  EXPECT_TRUE(absl::IsNotFound(flights.Get("a", milliseconds(1), ask).status()));
  EXPECT_EQ(asked, 1);
  now += milliseconds(1);
  EXPECT_TRUE(absl::IsNotFound(flights.Get("a", milliseconds(1), ask).status()));
  EXPECT_EQ(asked, 2);
  // Good answers are not remembered.
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(flights.Get("b", milliseconds(1), [&](milliseconds) -> absl::StatusOr<int> { return ++asked; }).value(),
              3 + i);
  }
}

TEST(SingleFlightTest, AFailureIsHandedOnWithAllItHolds) {
  SingleFlight<int> flights{std::chrono::hours(1)};
  const auto refused = [](milliseconds) -> absl::StatusOr<int> {
    absl::Status status = absl::PermissionDeniedError("no");
    status.SetPayload("p", absl::Cord("why"));
    return status;
  };
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = flights.Get("a", milliseconds(10'000), refused).status();
    EXPECT_TRUE(absl::IsPermissionDenied(status));
    EXPECT_EQ(status.message(), "no");
    EXPECT_EQ(status.GetPayload("p"), absl::Cord("why"));
  }
  EXPECT_TRUE(CopyForAnotherThread(absl::OkStatus()).ok());
}

TEST(SingleFlightTest, FailuresSharedByManyThreads) {
  SingleFlight<int> flights{milliseconds(0)};
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 2000; ++j) {
        const auto result = flights.Get(
            "a", milliseconds(10'000), [](milliseconds) -> absl::StatusOr<int> { return absl::NotFoundError("none"); });
        failures += absl::IsNotFound(result.status()) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 12'000);
}

TEST(SingleFlightTest, WhoHasNoPatienceGoesWithoutAnAnswer) {
  SingleFlight<int> flights{milliseconds(1000)};
  std::atomic<bool> is_asking = false, is_released = false;
  std::thread slow([&] {
    (void)flights.Get("a", milliseconds(10'000), [&](milliseconds) -> absl::StatusOr<int> {
      is_asking = true;
      EXPECT_TRUE(Eventually([&] { return is_released.load(); }));
      return 7;
    });
  });
  ASSERT_TRUE(Eventually([&] { return is_asking.load(); }));
  const auto never = [](milliseconds) -> absl::StatusOr<int> { return 0; };
  EXPECT_TRUE(absl::IsDeadlineExceeded(flights.Get("a", milliseconds(5), never).status()));
  EXPECT_EQ(flights.Get("b", milliseconds(5), never).value(), 0) << "another key does not wait";
  is_released = true;
  slow.join();
}

}  // namespace
}  // namespace tidewaiter
