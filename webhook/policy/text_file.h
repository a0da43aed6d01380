// SPDX-License-Identifier: Apache-2.0
//
// A whole file as text. Tested by tests/policy/policy_loader_test.cc.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace tidewaiter {

// InvalidArgument, as `PATH: cannot be read: WHY` or `PATH: larger than N bytes`.
absl::StatusOr<std::string> ReadTextFile(const std::string& path, std::size_t max_bytes);

}  // namespace tidewaiter
