// SPDX-License-Identifier: Apache-2.0
//
// One pass over the header lines.
#include "webhook/server/request_framer.h"

#include <charconv>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// A request has some ten header lines; the API server sends seven.
constexpr int kMaxHeaderLines = 100;

Frame Refuse(int status, std::string_view reason, std::string_view text) {
  Frame frame;
  frame.state = Frame::State::kRefused;
  frame.status = status;
  frame.reason = reason;
  frame.text = text;
  return frame;
}

Frame BadRequest(std::string_view text) { return Refuse(400, "bad_request", text); }

bool IsHeader(std::string_view name, std::string_view wanted) {
  return absl::EqualsIgnoreCase(ToAbsl(name), ToAbsl(wanted));
}

// RFC 9110 section 5.6.2: the characters of a field name.
bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || kMarks.find(c) != std::string_view::npos;
  });
}

// Without the white space around it: space and tab only (RFC 9110 section 5.6.3), unlike what isspace() takes.
std::string_view Trim(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// Line breaks of another kind and zero bytes are read differently by different readers.
bool HasStrayControl(std::string_view line) {
  return line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

// Digits only (RFC 9110 section 8.6): no sign, no list, no white space inside.
std::optional<std::size_t> ParseLength(std::string_view text) {
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return length;
}

}  // namespace

Frame FrameRequest(std::string_view bytes, const FramerLimits& limits) {
  const std::size_t header_end = bytes.substr(0, limits.max_header_bytes).find("\r\n\r\n");
  if (header_end == std::string_view::npos) {
    if (bytes.size() < limits.max_header_bytes) return {};
    return Refuse(431, "header_too_large", "the request header is too large");
  }
  Frame frame;
  frame.header_size = header_end + 4;
  std::optional<std::size_t> length;
  std::string_view lines = bytes.substr(0, header_end + 2);
  const std::string_view request_line = lines.substr(0, lines.find(kLineEnd));
  if (request_line.empty() || HasStrayControl(request_line)) return BadRequest("malformed request line");
  lines.remove_prefix(request_line.size() + 2);
  for (int count = 0; !lines.empty(); ++count) {
    const std::string_view line = lines.substr(0, lines.find(kLineEnd));
    lines.remove_prefix(line.size() + 2);
    if (count == kMaxHeaderLines) return Refuse(431, "header_too_large", "the request has too many header lines");
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    // Folded lines and white space before the colon are no tokens.
    if (colon == std::string_view::npos || !IsToken(name) || HasStrayControl(line)) {
      return BadRequest("malformed header line");
    }
    const std::string_view value = Trim(line.substr(colon + 1));
    if (IsHeader(name, "Transfer-Encoding")) {
      return Refuse(411, "length_required", "a body needs a Content-Length; transfer codings are not accepted");
    }
    if (IsHeader(name, "Content-Length")) {
      if (length.has_value()) return BadRequest("Content-Length is given twice");
      length = ParseLength(value);
      if (!length.has_value()) return BadRequest("Content-Length is not a number");
    }
    if (IsHeader(name, "Expect")) frame.expects_continue = IsHeader(value, "100-continue");
  }
  if (length.value_or(0) > limits.max_body_bytes) return Refuse(413, "too_large", "the body is larger than 8 MiB");
  frame.size = frame.header_size + length.value_or(0);
  if (bytes.size() >= frame.size) frame.state = Frame::State::kComplete;
  return frame;
}

}  // namespace tidewaiter
