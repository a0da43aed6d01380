// SPDX-License-Identifier: Apache-2.0
//
// Refusals of the API server, and JSON without exceptions.
#include "webhook/cluster/api_error.h"

#include <gtest/gtest.h>

#include "webhook/cluster/json_text.h"

namespace tidewaiter {
namespace {

TEST(ApiErrorTest, StatusesBecomeCodes) {
  struct Row {
    int code;
    const char *reason, *expected;
  };
  const Row rows[] = {
      {400, "BadRequest", "INVALID_ARGUMENT: GET /x: 400 BadRequest: why"},
      {401, "Unauthorized", "UNAUTHENTICATED: GET /x: 401 Unauthorized: why"},
      {403, "Forbidden", "PERMISSION_DENIED: GET /x: 403 Forbidden: why"},
      {404, "NotFound", "NOT_FOUND: GET /x: 404 NotFound: why"},
      {405, "MethodNotAllowed", "UNIMPLEMENTED: GET /x: 405 MethodNotAllowed: why"},
      {409, "Conflict", "ABORTED: GET /x: 409 Conflict: why"},
      {409, "AlreadyExists", "ALREADY_EXISTS: GET /x: 409 AlreadyExists: why"},
      {410, "Expired", "OUT_OF_RANGE: GET /x: 410 Expired: why"},
      {422, "Invalid", "INVALID_ARGUMENT: GET /x: 422 Invalid: why"},
      {429, "TooManyRequests", "RESOURCE_EXHAUSTED: GET /x: 429 TooManyRequests: why"},
      {500, "InternalError", "INTERNAL: GET /x: 500 InternalError: why"},
      {503, "ServiceUnavailable", "UNAVAILABLE: GET /x: 503 ServiceUnavailable: why"},
      {504, "Timeout", "DEADLINE_EXCEEDED: GET /x: 504 Timeout: why"},
      {302, "", "UNKNOWN: GET /x: 302: why"},
  };
  for (const Row& row : rows) {
    const Json body = {{"kind", "Status"}, {"reason", row.reason}, {"message", "why"}};
    const absl::Status status = ToStatus(DecodeApiError(row.code, body.dump(), ""), "GET /x");
    EXPECT_EQ(status.ToString(absl::StatusToStringMode::kWithNoExtraData), row.expected);
    const auto error = ApiErrorOf(status);
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->code, row.code);
    EXPECT_EQ(error->reason, row.reason);
    EXPECT_FALSE(error->retry_after.has_value());
  }
  EXPECT_FALSE(ApiErrorOf(absl::NotFoundError("")).has_value());
}

TEST(ApiErrorTest, RetryAfter) {
  const auto seconds = [](const std::string& body, const std::string& header) {
    const auto error = ApiErrorOf(ToStatus(DecodeApiError(429, body, header), "r"));
    return error->retry_after.has_value() ? error->retry_after->count() : -1;
  };
  EXPECT_EQ(seconds("", "7"), 7);
  EXPECT_EQ(seconds("", "0"), 0);
  EXPECT_EQ(seconds("", "-1"), -1);
  EXPECT_EQ(seconds("", "Wed, 21 Oct 2015 07:28:00 GMT"), -1);
  EXPECT_EQ(seconds(R"({"kind":"Status","details":{"retryAfterSeconds":3}})", ""), 3);
  EXPECT_EQ(seconds(R"({"kind":"Status","details":{"retryAfterSeconds":3}})", "4"), 4);
  EXPECT_EQ(seconds(R"({"kind":"Status","details":{"retryAfterSeconds":-3}})", ""), -1);
}

TEST(ApiErrorTest, ABodyThatIsNoStatusIsTheMessage) {
  EXPECT_EQ(DecodeApiError(502, "bad gateway", "").message, "bad gateway");
  EXPECT_EQ(DecodeApiError(502, R"({"kind":7})", "").message, R"({"kind":7})");
  EXPECT_EQ(DecodeApiError(502, std::string(5000, 'x'), "").message.size(), 1024u);
  EXPECT_EQ(DecodeApiError(502, R"({"kind":"Status","message":3})", "").message, "");
}

TEST(JsonTextTest, NothingThrows) {
  const Json json = ParseJson(R"({"a":{"b":"c"},"n":1})");
  EXPECT_EQ(TextAt(json, {"a", "b"}), "c");
  EXPECT_EQ(TextAt(json, {"a", "x"}), "");
  EXPECT_EQ(TextAt(json, {"n", "x"}), "");
  EXPECT_EQ(TextAt(json, {"n"}), "");
  EXPECT_EQ(TextAt(ParseJson("{"), {"n"}), "");
  EXPECT_EQ(FindAt(json, {"a", "b", "c"}), nullptr);
  EXPECT_EQ(WriteJson("\xff"), "\"\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace tidewaiter
