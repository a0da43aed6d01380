// SPDX-License-Identifier: Apache-2.0
//
// The version of this build, given by CMakeLists.txt. Tested by tests/cli/command_line_test.cc.
#pragma once

#include <string_view>

namespace tidewaiter {

inline constexpr std::string_view kVersion = TIDEWAITER_VERSION;

}  // namespace tidewaiter
