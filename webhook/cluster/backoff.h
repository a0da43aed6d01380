// SPDX-License-Identifier: Apache-2.0
//
// How long to wait before the next try: exponential with full jitter, so that many clients of a server that was away do
// not come back together. It only says how long; waiting is the caller's. Tested by tests/cluster/backoff_test.cc.
//
// Source: AWS Architecture Blog, "Exponential Backoff And Jitter", 2015 ("Full Jitter").
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <random>
#include <utility>

namespace tidewaiter {

// A number in [0, 1), from this thread's own generator.
inline double RandomFraction() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

struct BackoffBounds {
  std::chrono::milliseconds first{200};
  std::chrono::milliseconds most{30'000};
};

// Not thread safe.
class Backoff {
 public:
  // `random` gives numbers in [0, 1).
  explicit Backoff(BackoffBounds bounds, std::function<double()> random = RandomFraction)
      : bounds_(bounds), random_(std::move(random)), ceiling_(bounds.first) {}

  // The pause after one more failure: from 0 to a ceiling that doubles each time, up to bounds.most.
  std::chrono::milliseconds Next() {
    const auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(ceiling_ * random_());
    ceiling_ = std::min(ceiling_ * 2, bounds_.most);
    return pause;
  }

  // After a success: the next failure is the first one again.
  void Reset() { ceiling_ = bounds_.first; }

 private:
  const BackoffBounds bounds_;
  const std::function<double()> random_;
  std::chrono::milliseconds ceiling_;
};

}  // namespace tidewaiter
