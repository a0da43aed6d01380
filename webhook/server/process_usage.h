// SPDX-License-Identifier: Apache-2.0
//
// What this process takes of its machine, as the kernel tells it: proc(5). Tested by
// tests/server/process_usage_test.cc.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace tidewaiter {

struct ProcessUsage {
  double cpu_seconds = 0;         // user and system, of all threads
  double start_time_seconds = 0;  // since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t open_files = 0;
  double most_files = 0;  // the soft limit; infinite when there is none
};

// `proc` is where proc(5) is mounted. NotFound when a file cannot be read, Internal when it is not as the kernel writes
// it.
absl::StatusOr<ProcessUsage> ReadProcessUsage(const std::string& proc = "/proc");

}  // namespace tidewaiter
