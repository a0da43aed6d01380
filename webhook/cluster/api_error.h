// SPDX-License-Identifier: Apache-2.0
//
// What the API server answers when it refuses: an HTTP status and a meta/v1 Status, as an absl::Status that keeps both.
// Tested by tests/cluster/api_error_test.cc.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tidewaiter {

struct ApiError {
  int code = 0;         // the HTTP status
  std::string reason;   // metav1.StatusReason: "Conflict"; empty when the body was no Status
  std::string message;  // for people, at most 1 KiB
  std::optional<std::chrono::seconds> retry_after;
};

// From an answer: `body` is a Status in JSON or anything else, `retry_after` the header's value (only its form in
// seconds is known), "" for none. A Status's details.retryAfterSeconds counts when there is no header.
ApiError DecodeApiError(int code, std::string_view body, std::string_view retry_after);

// `REQUEST: CODE REASON: MESSAGE`, with the nearest absl code:
//   400, 413, 422 InvalidArgument   401 Unauthenticated    403 PermissionDenied   404 NotFound
//   409 AlreadyExists or Aborted (conflict)                410 OutOfRange         405, 406, 415 Unimplemented
//   429 ResourceExhausted           503 Unavailable        408, 504 DeadlineExceeded
//   other 5xx Internal              everything else Unknown
absl::Status ToStatus(const ApiError& error, std::string_view request);

// What ToStatus was given, without the message; nullopt for any other status.
std::optional<ApiError> ApiErrorOf(const absl::Status& status);

}  // namespace tidewaiter
