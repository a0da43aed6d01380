// SPDX-License-Identifier: Apache-2.0
//
// Strict on purpose: what is not known to mean nothing is left to cpp-httplib.
#include "webhook/server/plain_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "webhook/kube/characters.h"
#include "webhook/kube/text.h"
#include "webhook/server/request_framer.h"

namespace tidewaiter {
namespace {

// Far below what cpp-httplib refuses (lines of 8,192), and more than an API server sends.
constexpr std::size_t kMostHeaderBytes = 2048;

// The headers that may be there, each once. FrameRequest has read the length; the type and what is accepted are
// known values, and the others change nothing. client-go and net/http send all but the last two, which tracing adds.
constexpr std::string_view kType = "content-type";
constexpr std::string_view kAccept = "accept";
constexpr std::array<std::string_view, 8> kNames = {kType,   "content-length",  "host",        "user-agent",
                                                    kAccept, "accept-encoding", "traceparent", "tracestate"};

bool IsKnownValue(std::string_view name, std::string_view value) {
  if (name == kType) return value == "application/json";
  // cpp-httplib refuses what is no list of media types.
  if (name == kAccept) return value == "application/json, */*" || value == "application/json" || value == "*/*";
  return true;
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// Nothing that a query or a path could encode.
bool IsBare(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLowerAlphanumeric(c) || c == '.' || c == '-' || c == '/'; });
}

std::string_view TakeLine(std::string_view& lines) {
  const std::string_view line = lines.substr(0, lines.find(kLineEnd));
  lines.remove_prefix(line.size() + kLineEnd.size());
  return line;
}

bool ReadRequestLine(std::string_view line, PlainRequest& out) {
  constexpr std::string_view kMethod = "POST ";
  constexpr std::string_view kVersion = " HTTP/1.1";
  constexpr std::string_view kTimeout = "timeout=";
  if (!line.starts_with(kMethod)) return false;
  line.remove_prefix(kMethod.size());
  if (!line.ends_with(kVersion)) return false;  // of what is left: the two may share a space
  line.remove_suffix(kVersion.size());
  const std::size_t mark = line.find('?');
  out.path = line.substr(0, mark);
  if (mark != std::string_view::npos) {
    const std::string_view query = line.substr(mark + 1);
    if (!query.starts_with(kTimeout)) return false;
    out.timeout = query.substr(kTimeout.size());
  }
  return out.path.starts_with('/') && IsBare(out.path) && IsBare(out.timeout);
}

// The value of a header line, whose name is then `name`; nullopt when it is not written as everybody does.
std::optional<std::string_view> SplitHeader(std::string_view line, std::string_view& name) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos || !IsPrintable(line)) return std::nullopt;
  name = line.substr(0, colon);
  const std::string_view value = line.substr(colon + 2);
  if (value.empty() || value.starts_with(' ') || value.ends_with(' ')) return std::nullopt;
  return value;
}

}  // namespace

std::optional<PlainRequest> ParsePlainRequest(std::string_view bytes) {
  const std::size_t header_end = bytes.substr(0, kMostHeaderBytes).find("\r\n\r\n");
  if (header_end == std::string_view::npos) return std::nullopt;
  PlainRequest request;
  request.body = bytes.substr(header_end + 2 * kLineEnd.size());
  std::string_view lines = bytes.substr(0, header_end + kLineEnd.size());
  if (request.body.empty() || !ReadRequestLine(TakeLine(lines), request)) return std::nullopt;
  std::array<bool, kNames.size()> is_seen{};
  while (!lines.empty()) {
    std::string_view name;
    const std::optional<std::string_view> value = SplitHeader(TakeLine(lines), name);
    if (!value.has_value()) return std::nullopt;
    const auto* const known = std::find_if(kNames.begin(), kNames.end(), [&](std::string_view each) {
      return absl::EqualsIgnoreCase(ToAbsl(name), ToAbsl(each));
    });
    if (known == kNames.end() || !IsKnownValue(*known, *value)) return std::nullopt;
    if (std::exchange(is_seen[static_cast<std::size_t>(known - kNames.begin())], true)) return std::nullopt;
  }
  if (!is_seen.front()) return std::nullopt;
  return request;
}

}  // namespace tidewaiter
