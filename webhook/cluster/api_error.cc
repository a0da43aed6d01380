// SPDX-License-Identifier: Apache-2.0
//
// Code, reason and Retry-After travel as a payload of the absl::Status.
#include "webhook/cluster/api_error.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "webhook/cluster/json_text.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr char kPayload[] = "tidewaiter.dev/api-error";
constexpr std::size_t kMaxErrorTextBytes = 1024;

absl::StatusCode CodeOf(const ApiError& error) {
  switch (error.code) {
    case 400:
    case 413:
    case 422:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 405:
    case 406:
    case 415:
      return absl::StatusCode::kUnimplemented;
    case 408:
    case 504:
      return absl::StatusCode::kDeadlineExceeded;
    case 409:
      return error.reason == "AlreadyExists" ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kAborted;
    case 410:
      return absl::StatusCode::kOutOfRange;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    case 503:
      return absl::StatusCode::kUnavailable;
    default:
      return error.code >= 500 ? absl::StatusCode::kInternal : absl::StatusCode::kUnknown;
  }
}

std::optional<std::chrono::seconds> ParseSeconds(std::string_view text) {
  std::uint32_t seconds = 0;
  if (!absl::SimpleAtoi(ToAbsl(text), &seconds)) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

ApiError DecodeApiError(int code, std::string_view body, std::string_view retry_after) {
  ApiError error{.code = code, .reason = {}, .message = {}, .retry_after = ParseSeconds(retry_after)};
  const Json status = ParseJson(body);
  if (TextAt(status, {"kind"}) == "Status") {
    error.reason = TextAt(status, {"reason"});
    error.message = TextAt(status, {"message"});
    const Json* seconds = FindAt(status, {"details", "retryAfterSeconds"});
    if (!error.retry_after.has_value() && seconds != nullptr && seconds->is_number_unsigned() &&
        seconds->get<std::uint64_t>() > 0) {
      error.retry_after = std::chrono::seconds(seconds->get<std::uint32_t>());
    }
  } else {
    error.message = std::string(body);
  }
  if (error.message.size() > kMaxErrorTextBytes) error.message.resize(kMaxErrorTextBytes);
  return error;
}

absl::Status ToStatus(const ApiError& error, std::string_view request) {
  absl::Status status(CodeOf(error), StrCat(request, ": ", error.code, error.reason.empty() ? "" : " ", error.reason,
                                            error.message.empty() ? "" : ": ", error.message));
  Json payload = {{"code", error.code}, {"reason", error.reason}};
  if (error.retry_after.has_value()) payload["retryAfter"] = error.retry_after->count();
  status.SetPayload(kPayload, absl::Cord(WriteJson(payload)));
  return status;
}

std::optional<ApiError> ApiErrorOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload.has_value()) return std::nullopt;
  const Json json = ParseJson(std::string(*payload));
  ApiError error;
  error.code = json.value("code", 0);
  error.reason = json.value("reason", "");
  if (json.contains("retryAfter")) error.retry_after = std::chrono::seconds(json.value("retryAfter", 0));
  return error;
}

}  // namespace tidewaiter
