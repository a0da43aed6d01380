// SPDX-License-Identifier: Apache-2.0
//
// Random choices for tests, the same in every run.
#pragma once

#include <cstddef>
#include <random>

namespace tidewaiter {

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}

  std::size_t Below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
  // True one time of `count`.
  bool OneOf(std::size_t count) { return Below(count) == 0; }
  template <typename T, std::size_t kSize>
  T Pick(const T (&of)[kSize]) {
    return of[Below(kSize)];
  }

 private:
  std::mt19937 random_;
};

}  // namespace tidewaiter
