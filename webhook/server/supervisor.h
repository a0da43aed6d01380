// SPDX-License-Identifier: Apache-2.0
//
// A parent that does nothing but hold the listening socket and start the serving process anew when a signal has ended
// it: a crash, or the kernel's out-of-memory killer. Callers that connect in between wait for the new process instead
// of being refused, and the Pod does not have to be restarted, which the kubelet delays more each time. Tested by
// tests/integration/supervise_test.py.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "webhook/server/listener.h"
#include "webhook/server/log.h"

namespace tidewaiter {

// How long to wait before starting a process anew when `failures` in a row ended within kShortLife of their start:
// nothing after the first, then from 50 ms doubled up to 5 s, so that a process that cannot live does not take the
// whole processor.
inline constexpr std::chrono::seconds kShortLife{10};
std::chrono::milliseconds RestartDelay(int failures);

struct Supervised {
  bool is_parent = false;      // true: only `exit_code` matters; false: this is the process that is to serve
  int exit_code = 0;           // as the last serving process's, or 128 + the signal that ended it while stopping
  std::uint64_t restarts = 0;  // how many serving processes there were before this one
};

// Forks, and returns in each serving process, which ends when its parent does. The parent forwards SIGTERM and SIGINT,
// closes its copy of the socket first, so that the serving process decides when no more is accepted, and returns once
// that has ended by itself: with an exit code, or after one of those signals. Call before any thread is started, after
// BlockSignals.
Supervised Supervise(Listener listener, const Log& log);

}  // namespace tidewaiter
