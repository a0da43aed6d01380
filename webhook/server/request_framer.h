// SPDX-License-Identifier: Apache-2.0
//
// Finds where one HTTP/1.1 request ends in the bytes that have arrived, so that a request reaches a worker only when it
// is whole. Looks at nothing but its length: what it means is admission_handler.h's business. Refuses every request
// whose length two readers could see differently (RFC 9112 section 6.3). Tested by tests/server/request_framer_test.cc.
#pragma once

#include <cstddef>
#include <string_view>

namespace tidewaiter {

// Ends each line of a header (RFC 9112 section 2.1).
inline constexpr std::string_view kLineEnd = "\r\n";

struct FramerLimits {
  std::size_t max_header_bytes = 0;
  std::size_t max_body_bytes = 0;
};

struct Frame {
  enum class State {
    kIncomplete,  // more bytes are needed
    kComplete,    // the first `size` bytes are one request
    kRefused,     // answer with `status` and close
  };
  State state = State::kIncomplete;
  // kIncomplete with a header that is whole: its size and the request's, 0 before.
  std::size_t header_size = 0;
  std::size_t size = 0;
  // The header asks for `100 Continue` before it sends the body.
  bool expects_continue = false;
  int status = 0;
  std::string_view reason;  // a metric label: "bad_request", "too_large", "length_required"
  std::string_view text;    // one sentence for the caller
};

// `bytes` begins at a request's first byte.
Frame FrameRequest(std::string_view bytes, const FramerLimits& limits);

}  // namespace tidewaiter
