// SPDX-License-Identifier: Apache-2.0
//
// Where a request ends, and every shape whose end two readers could see differently.
#include "webhook/server/request_framer.h"

#include <gtest/gtest.h>

#include <string>

namespace tidewaiter {
namespace {

constexpr FramerLimits kLimits{.max_header_bytes = 1024, .max_body_bytes = 100};
const std::string kPost = "POST /validate HTTP/1.1\r\nHost: h\r\n";

TEST(RequestFramerTest, EveryPrefixIsIncompleteAndTheWholeIsComplete) {
  const std::string request = kPost + "Content-Length: 5\r\n\r\nhello";
  for (std::size_t size = 1; size < request.size(); ++size) {
    EXPECT_EQ(FrameRequest(request.substr(0, size), kLimits).state, Frame::State::kIncomplete) << size;
  }
  const Frame frame = FrameRequest(request + "POST /next", kLimits);
  EXPECT_EQ(frame.state, Frame::State::kComplete);
  EXPECT_EQ(frame.size, request.size());
  EXPECT_EQ(frame.header_size, request.size() - 5);
}

TEST(RequestFramerTest, RequestsWithoutABody) {
  const std::string request = "GET / HTTP/1.1\r\n\r\n";
  EXPECT_EQ(FrameRequest(request, kLimits).size, request.size());
  EXPECT_EQ(FrameRequest(kPost + "\r\n", kLimits).state, Frame::State::kComplete);
}

TEST(RequestFramerTest, Expectations) {
  EXPECT_TRUE(FrameRequest(kPost + "Expect: 100-Continue\r\nContent-Length: 9\r\n\r\n", kLimits).expects_continue);
  EXPECT_FALSE(FrameRequest(kPost + "Expect: tea\r\nContent-Length: 9\r\n\r\n", kLimits).expects_continue);
}

TEST(RequestFramerTest, Refusals) {
  std::string many_lines = kPost;
  for (int i = 0; i < 100; ++i) many_lines += "A: b\r\n";
  struct Row {
    std::string bytes;
    int status;
    std::string reason;
  };
  const Row rows[] = {
      {kPost + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400, "bad_request"},
      {kPost + "content-length: 5\r\nCONTENT-LENGTH: 6\r\n\r\nhello", 400, "bad_request"},
      {kPost + "Content-Length: 5, 5\r\n\r\nhello", 400, "bad_request"},
      {kPost + "Content-Length: +5\r\n\r\nhello", 400, "bad_request"},
      {kPost + "Content-Length: -1\r\n\r\n", 400, "bad_request"},
      {kPost + "Content-Length: \r\n\r\n", 400, "bad_request"},
      {kPost + "Content-Length: 0x5\r\n\r\n", 400, "bad_request"},
      {kPost + "Content-Length: 99999999999999999999999\r\n\r\n", 400, "bad_request"},
      {kPost + "Transfer-Encoding: chunked\r\n\r\n", 411, "length_required"},
      {kPost + "Content-Length: 5\r\ntransfer-encoding: chunked\r\n\r\n", 411, "length_required"},
      {kPost + "Transfer-Encoding : chunked\r\n\r\n", 400, "bad_request"},
      {kPost + "A: b\r\n folded\r\n\r\n", 400, "bad_request"},
      {kPost + "A: b\nContent-Length: 5\r\n\r\n", 400, "bad_request"},
      {kPost + "no colon\r\n\r\n", 400, "bad_request"},
      {kPost + ": empty name\r\n\r\n", 400, "bad_request"},
      {kPost + "Content-Length: 101\r\n\r\n", 413, "too_large"},
      {kPost + "A: " + std::string(1100, 'x'), 431, "header_too_large"},
      {many_lines + "\r\n", 431, "header_too_large"},
  };
  for (const Row& row : rows) {
    const Frame frame =
        FrameRequest(row.bytes, {.max_header_bytes = row.status == 431 ? 1024u : 4096u, .max_body_bytes = 100});
    EXPECT_EQ(frame.state, Frame::State::kRefused) << row.bytes;
    EXPECT_EQ(frame.status, row.status) << row.bytes;
    EXPECT_EQ(frame.reason, row.reason);
    EXPECT_FALSE(frame.text.empty());
  }
}

}  // namespace
}  // namespace tidewaiter
