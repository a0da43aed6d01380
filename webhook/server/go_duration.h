// SPDX-License-Identifier: Apache-2.0
//
// Durations as Go writes them ("10s", "1m30s", "500ms"): the API server puts one into the query of each call.
// Tested by tests/server/go_duration_test.cc.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace tidewaiter {

// time.ParseDuration without signs: one or more decimal numbers, each with a unit of ns, us, ms, s, m or h. nullopt
// when it is none, or beyond `most`.
std::optional<std::chrono::nanoseconds> ParseGoDuration(std::string_view text,
                                                        std::chrono::nanoseconds most = std::chrono::hours(24));

}  // namespace tidewaiter
