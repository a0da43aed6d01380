// SPDX-License-Identifier: Apache-2.0
//
// What keeps a thread that talks to the API server alive when a turn of its loop throws, which is std::bad_alloc near a
// limit of memory: admission goes on with the last known state, and the next turn tries again. Tested by
// tests/cluster/reflector_test.cc, leader_lease_test.cc.
#pragma once

#include <chrono>
#include <exception>

namespace tidewaiter {

// How long a thread waits after a turn that threw.
constexpr std::chrono::seconds kPauseAfterThrow{1};

// Whether the turn came to its end. Needs no memory by itself.
template <typename Turn>
bool Survives(Turn&& turn) noexcept {
  try {
    turn();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace tidewaiter
