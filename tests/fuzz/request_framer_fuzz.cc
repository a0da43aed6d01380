// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes where a request ends: however the bytes are cut, the answer is the same once they are there; what is whole
// stays whole when more follows; and its length is the one Content-Length that a second, simpler reading finds, or the
// request is refused. A request that is answered without cpp-httplib is cut at the same place. The deadline in the
// query, too, is read from strangers.
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/string_view.h>

#include "tests/fuzz/fuzzing.h"
#include "webhook/server/go_duration.h"
#include "webhook/server/plain_request.h"
#include "webhook/server/request_framer.h"

namespace tidewaiter {
namespace {

constexpr FramerLimits kLimits{.max_header_bytes = 512, .max_body_bytes = 1024};

bool IsSame(const Frame& a, const Frame& b) {
  return a.state == b.state && a.size == b.size && a.header_size == b.header_size && a.status == b.status &&
         a.reason == b.reason && a.expects_continue == b.expects_continue;
}

// What must hold of a header that was taken, read by hand: at most one length, no coding, no stray line end.
void CheckHeader(std::string header, const Frame& frame) {
  FUZZ_CHECK(header.ends_with("\r\n\r\n"), header);
  std::size_t lengths = 0;
  std::size_t length = 0;
  std::string lower = absl::AsciiStrToLower(header);
  for (std::size_t at = lower.find('\n'); at + 1 < lower.size(); at = lower.find('\n', at + 1)) {
    FUZZ_CHECK(at > 0 && lower[at - 1] == '\r', "a bare line feed");
    const std::string line = lower.substr(at + 1, lower.find('\n', at + 1) - at - 1);
    FUZZ_CHECK(line == "\r" || (line[0] != ' ' && line[0] != '\t'), "a folded line");
    FUZZ_CHECK(!line.starts_with("transfer-encoding:"), line);
    if (!line.starts_with("content-length:")) continue;
    ++lengths;
    length = std::stoul(line.substr(15));
  }
  FUZZ_CHECK(lengths <= 1 && frame.size == frame.header_size + length, header);
}

void CheckFraming(std::string_view bytes) {
  const Frame whole = FrameRequest(bytes, kLimits);
  FUZZ_CHECK((whole.state == Frame::State::kRefused) == (whole.status != 0), bytes);
  Frame last;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const Frame frame = FrameRequest(bytes.substr(0, size), kLimits);
    if (last.state != Frame::State::kIncomplete) FUZZ_CHECK(IsSame(frame, last), size << ": " << bytes);
    last = frame;
  }
  FUZZ_CHECK(IsSame(last, whole), bytes);
  if (whole.state == Frame::State::kRefused) {
    FUZZ_CHECK(whole.status >= 400 && !whole.text.empty() && !whole.reason.empty(), bytes);
    return;
  }
  FUZZ_CHECK(whole.size <= kLimits.max_header_bytes + kLimits.max_body_bytes, bytes);
  if (whole.state == Frame::State::kComplete) {
    FUZZ_CHECK(whole.size <= bytes.size(), bytes);
    const std::string_view request = bytes.substr(0, whole.size);
    if (const std::optional<PlainRequest> plain = ParsePlainRequest(request); plain.has_value()) {
      FUZZ_CHECK(plain->body == request.substr(whole.header_size) && !whole.expects_continue, bytes);
      FUZZ_CHECK(request.starts_with("POST /") && plain->path.starts_with('/'), bytes);
    }
  }
  if (whole.header_size > 0) CheckHeader(std::string(bytes.substr(0, whole.header_size)), whole);
}

}  // namespace
}  // namespace tidewaiter

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = tidewaiter::InputText(data, size);
  if (size <= 2048) tidewaiter::CheckFraming(bytes);
  const auto duration = tidewaiter::ParseGoDuration(bytes);
  FUZZ_CHECK(!duration.has_value() || (duration->count() >= 0 && *duration <= std::chrono::hours(24)), bytes);
  return 0;
}
