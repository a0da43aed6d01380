// SPDX-License-Identifier: Apache-2.0
//
// The one shape of request that an API server sends all day, read without copying anything. Every other shape, and
// everything that is wrong, is cpp-httplib's, whose answers are the measure: tests/server/webhook_server_test.cc holds
// both ways against each other. Tested by tests/server/plain_request_test.cc.
#pragma once

#include <optional>
#include <string_view>

namespace tidewaiter {

// Views into the request's bytes.
struct PlainRequest {
  std::string_view path;
  std::string_view timeout;  // of `?timeout=`, "" without
  std::string_view body;     // not empty
};

// `bytes` is one whole request that FrameRequest has found good. nullopt unless it is a POST of JSON with no more than
// a timeout in its query, and no header but those, with such values, that change nothing of its answer.
std::optional<PlainRequest> ParsePlainRequest(std::string_view bytes);

}  // namespace tidewaiter
