// SPDX-License-Identifier: Apache-2.0
//
// Where a request ends, by every shape a header can have, and that no cut of the bytes changes the verdict.
#include "webhook/server/request_framer.h"

#include <gtest/gtest.h>

#include <string>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using State = Frame::State;

constexpr FramerLimits kLimits{.max_header_bytes = 1024, .max_body_bytes = 100};

const std::string kPost = "POST /validate HTTP/1.1\r\n";

std::string Repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// A header of exactly `size` bytes without a body.
std::string HeaderOf(std::size_t size) {
  std::string header = kPost + "X: ";
  header.append(size - header.size() - 4, 'x');
  return header + "\r\n\r\n";
}

TEST(RequestFramerTest, FindsTheEnd) {
  const struct {
    const char* name;
    std::string bytes;
    std::size_t expected_size;
    bool expects_continue = false;
  } kCases[] = {
      {"no header lines", "GET / HTTP/1.1\r\n\r\n", 18},
      {"no body", kPost + "Host: a\r\n\r\n", kPost.size() + 11},
      {"body", kPost + "Content-Length: 5\r\n\r\nhello", kPost.size() + 26},
      {"body of no bytes", kPost + "Content-Length: 0\r\n\r\n", kPost.size() + 21},
      {"largest body", kPost + "Content-Length: 100\r\n\r\n" + std::string(100, 'b'), kPost.size() + 123},
      {"name in another case", kPost + "cOnTeNt-lEnGtH:5\r\n\r\nhello", kPost.size() + 25},
      {"white space around the value", kPost + "Content-Length: \t 5 \t\r\n\r\nhello", kPost.size() + 30},
      {"leading zeros", kPost + "Content-Length: 0005\r\n\r\nhello", kPost.size() + 29},
      {"another request after it", kPost + "Content-Length: 5\r\n\r\nhelloPOST / HTTP/1.1\r\n", kPost.size() + 26},
      {"empty line inside the body", kPost + "Content-Length: 6\r\n\r\na\r\n\r\nb", kPost.size() + 27},
      {"a body on GET", "GET / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", 39},
      {"empty value", kPost + "X:\r\n\r\n", kPost.size() + 6},
      {"colons in the value", kPost + "Host: [::1]:8443\r\n\r\n", kPost.size() + 20},
      {"bytes beyond ASCII in a value", kPost + "X: \xC3\xA4\xFF\r\n\r\n", kPost.size() + 10},
      {"expects", kPost + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi", kPost.size() + 45, true},
      {"expects in another case", kPost + "eXPECT: 100-Continue\r\n\r\n", kPost.size() + 24, true},
      {"expects something else", kPost + "Expect: pigs-fly\r\n\r\n", kPost.size() + 20, false},
      {"a hundred lines", kPost + Repeat("A: b\r\n", 100) + "\r\n", kPost.size() + 602},
      {"largest header", HeaderOf(1024), 1024},
  };
  for (const auto& c : kCases) {
    const Frame frame = FrameRequest(c.bytes, kLimits);
    EXPECT_EQ(frame.state, State::kComplete) << c.name << ": " << frame.text;
    EXPECT_EQ(frame.size, c.expected_size) << c.name;
    EXPECT_EQ(frame.header_size, std::min(c.bytes.find("\r\n\r\n") + 4, frame.size)) << c.name;
    EXPECT_EQ(frame.expects_continue, c.expects_continue) << c.name;
  }
}

TEST(RequestFramerTest, Refuses) {
  const struct {
    const char* name;
    std::string header;
    int status;
    std::string_view reason;
  } kCases[] = {
      {"two lengths", kPost + "Content-Length: 5\r\nContent-Length: 5\r\n", 400, "bad_request"},
      {"two lengths that differ", kPost + "Content-Length: 5\r\ncontent-length: 6\r\n", 400, "bad_request"},
      {"a list of lengths", kPost + "Content-Length: 5, 5\r\n", 400, "bad_request"},
      {"negative length", kPost + "Content-Length: -1\r\n", 400, "bad_request"},
      {"length with a plus", kPost + "Content-Length: +5\r\n", 400, "bad_request"},
      {"hexadecimal length", kPost + "Content-Length: 0x5\r\n", 400, "bad_request"},
      {"empty length", kPost + "Content-Length:\r\n", 400, "bad_request"},
      {"length with a space inside", kPost + "Content-Length: 1 0\r\n", 400, "bad_request"},
      {"length after a vertical tab", kPost + "Content-Length: \v5\r\n", 400, "bad_request"},
      {"length before a form feed", kPost + "Content-Length: 5\f\r\n", 400, "bad_request"},
      {"length beyond 64 bits", kPost + "Content-Length: 18446744073709551616\r\n", 400, "bad_request"},
      {"length that would wrap around", kPost + "Content-Length: 18446744073709551615\r\n", 413, "too_large"},
      {"body too large", kPost + "Content-Length: 101\r\n", 413, "too_large"},
      {"chunked", kPost + "Transfer-Encoding: chunked\r\n", 411, "length_required"},
      {"identity", kPost + "transfer-encoding: identity\r\n", 411, "length_required"},
      {"length and chunked", kPost + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 411, "length_required"},
      {"chunked and length", kPost + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 411, "length_required"},
      {"folded line", kPost + "X: a\r\n b\r\n", 400, "bad_request"},
      {"folded with a tab", kPost + "X: a\r\n\tContent-Length: 5\r\n", 400, "bad_request"},
      {"space before the colon", kPost + "Content-Length : 5\r\n", 400, "bad_request"},
      {"tab before the colon", kPost + "Content-Length\t: 5\r\n", 400, "bad_request"},
      {"control character in a name", kPost + "Content-Length\v: 5\r\n", 400, "bad_request"},
      {"zero byte in a name", kPost + std::string("Content-Length\0: 5\r\n", 20), 400, "bad_request"},
      {"zero byte in a value", kPost + std::string("X: a\0b\r\n", 8), 400, "bad_request"},
      {"no colon", kPost + "Content-Length 5\r\n", 400, "bad_request"},
      {"no name", kPost + ": 5\r\n", 400, "bad_request"},
      {"bare LF between lines", kPost + "X: a\nContent-Length: 5\r\n", 400, "bad_request"},
      {"bare CR between lines", kPost + "X: a\rContent-Length: 5\r\n", 400, "bad_request"},
      {"bare LF after the request line", "POST / HTTP/1.1\nContent-Length: 5\r\n", 400, "bad_request"},
      {"bare CR after the request line", "POST / HTTP/1.1\rContent-Length: 5\r\n", 400, "bad_request"},
      {"empty line first", "\r\n", 400, "bad_request"},
      {"too many lines", kPost + Repeat("A: b\r\n", 101), 431, "header_too_large"},
  };
  for (const auto& c : kCases) {
    const Frame frame = FrameRequest(c.header + "\r\n", kLimits);
    EXPECT_EQ(frame.state, State::kRefused) << c.name;
    EXPECT_EQ(frame.status, c.status) << c.name;
    EXPECT_EQ(frame.reason, c.reason) << c.name;
    EXPECT_FALSE(frame.text.empty()) << c.name;
  }
}

TEST(RequestFramerTest, RefusesAHeaderThatIsTooLarge) {
  for (const std::string& bytes : {HeaderOf(1025), HeaderOf(1025).substr(0, 1024), std::string(1024, 'x'),
                                   std::string(5000, 'x'), HeaderOf(5000)}) {
    const Frame frame = FrameRequest(bytes, kLimits);
    EXPECT_EQ(frame.state, State::kRefused) << bytes.size();
    EXPECT_EQ(frame.status, 431) << bytes.size();
  }
  EXPECT_EQ(FrameRequest(HeaderOf(1024).substr(0, 1023), kLimits).state, State::kIncomplete);
}

// What the server buffers at most is the sum of both limits: a request that is taken must fit.
TEST(RequestFramerTest, NoRequestIsLargerThanBothLimits) {
  const std::string length = "Content-Length: 100\r\n";
  std::string header = HeaderOf(1024 - length.size());
  header.insert(kPost.size(), length);
  ASSERT_EQ(header.size(), 1024u);
  const Frame frame = FrameRequest(header, kLimits);
  EXPECT_EQ(frame.state, State::kIncomplete);
  EXPECT_EQ(frame.size, kLimits.max_header_bytes + kLimits.max_body_bytes);
}

// Byte by byte: incomplete until the last, and then the same as all at once; the length is known once the header is.
TEST(RequestFramerTest, TakesBytesAsTheyCome) {
  const std::string header = kPost + "Host: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n";
  const std::string request = header + "hello\r\n\r\nxy";
  for (std::size_t size = 0; size < request.size(); ++size) {
    const Frame frame = FrameRequest(std::string_view(request).substr(0, size), kLimits);
    ASSERT_EQ(frame.state, State::kIncomplete) << size;
    EXPECT_EQ(frame.header_size, size < header.size() ? 0 : header.size()) << size;
    EXPECT_EQ(frame.size, size < header.size() ? 0 : request.size()) << size;
    EXPECT_EQ(frame.expects_continue, size >= header.size()) << size;
  }
  EXPECT_EQ(FrameRequest(request, kLimits).state, State::kComplete);
}

// A pipelined row of requests is cut one after the other, whatever follows.
TEST(RequestFramerTest, CutsPipelinedRequests) {
  const std::string one = kPost + "Content-Length: 3\r\n\r\nabc";
  const std::string two = "GET /x HTTP/1.1\r\n\r\n";
  std::string bytes = one + two + one;
  for (const std::string& expected : {one, two, one}) {
    const Frame frame = FrameRequest(bytes, kLimits);
    ASSERT_EQ(frame.state, State::kComplete);
    EXPECT_EQ(bytes.substr(0, frame.size), expected);
    bytes.erase(0, frame.size);
  }
  EXPECT_EQ(FrameRequest(bytes, kLimits).state, State::kIncomplete);
}

}  // namespace
}  // namespace tidewaiter
