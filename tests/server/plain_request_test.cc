// SPDX-License-Identifier: Apache-2.0
//
// Which requests are plain, and what is read of them. That their answers are those of cpp-httplib is tested in
// webhook_server_test.cc.
#include "webhook/server/plain_request.h"

#include <gtest/gtest.h>

#include <string>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kHeader =
    "Host: webhook.svc:443\r\nUser-Agent: kube-apiserver-admission\r\nContent-Length: 2\r\n"
    "Accept: application/json, */*\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n";

std::string RequestOf(std::string_view line, std::string_view header = kHeader, std::string_view body = "{}") {
  return StrCat(line, "\r\n", header, "\r\n", body);
}

TEST(PlainRequestTest, ReadsWhatAnApiServerSends) {
  const std::string text = RequestOf("POST /validate?timeout=10s HTTP/1.1");
  const std::optional<PlainRequest> request = ParsePlainRequest(text);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->path, "/validate");
  EXPECT_EQ(request->timeout, "10s");
  EXPECT_EQ(request->body, "{}");
}

TEST(PlainRequestTest, ThisIsPlain) {
  const std::string with_trace =
      StrCat(kHeader, "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
  const struct {
    std::string request, path, timeout, body;
  } kCases[] = {
      {RequestOf("POST /mutate HTTP/1.1"), "/mutate", "", "{}"},
      {RequestOf("POST / HTTP/1.1"), "/", "", "{}"},
      {RequestOf("POST /validate-policy?timeout=1m0.5s HTTP/1.1"), "/validate-policy", "1m0.5s", "{}"},
      {RequestOf("POST /validate?timeout= HTTP/1.1"), "/validate", "", "{}"},
      {RequestOf("POST /validate HTTP/1.1", with_trace), "/validate", "", "{}"},
      {RequestOf("POST /validate HTTP/1.1", "content-TYPE: application/json\r\n", "\r\n\r\n"), "/validate", "",
       "\r\n\r\n"},
  };
  for (const auto& each : kCases) {
    const std::optional<PlainRequest> request = ParsePlainRequest(each.request);
    ASSERT_TRUE(request.has_value()) << each.request;
    EXPECT_EQ(request->path, each.path);
    EXPECT_EQ(request->timeout, each.timeout);
    EXPECT_EQ(request->body, each.body);
  }
}

TEST(PlainRequestTest, EverythingElseIsNot) {
  EXPECT_FALSE(ParsePlainRequest("").has_value());
  EXPECT_FALSE(ParsePlainRequest("\r\n\r\n{}").has_value());
  EXPECT_FALSE(ParsePlainRequest(RequestOf("POST /validate HTTP/1.1", kHeader, "")).has_value()) << "no body";
  for (const char* line : {"GET /validate HTTP/1.1",
                           "post /validate HTTP/1.1",
                           "POST /validate HTTP/1.0",
                           "POST HTTP/1.1",
                           "POST  HTTP/1.1",
                           "POST ",
                           " HTTP/1.1",
                           "POST /validate HTTP/2",
                           "POST  /validate HTTP/1.1",
                           "POST /validate  HTTP/1.1",
                           "POST\t/validate HTTP/1.1",
                           "POST /validate",
                           "POST /%76alidate HTTP/1.1",
                           "POST /Validate HTTP/1.1",
                           "POST http://h/validate HTTP/1.1",
                           "POST validate HTTP/1.1",
                           "POST * HTTP/1.1",
                           "POST /validate#x HTTP/1.1",
                           "POST /validate? HTTP/1.1",
                           "POST /validate?timeout HTTP/1.1",
                           "POST /validate?Timeout=1s HTTP/1.1",
                           "POST /validate?timeout=1s&x=y HTTP/1.1",
                           "POST /validate?x=y&timeout=1s HTTP/1.1",
                           "POST /validate?timeout=%31s HTTP/1.1",
                           "POST /validate?timeout=1+s HTTP/1.1",
                           "POST /validate?timeout=1\xC2\xB5s HTTP/1.1"}) {
    EXPECT_FALSE(ParsePlainRequest(RequestOf(line)).has_value()) << line;
  }
  const std::string_view type = "Content-Type: application/json\r\n";
  for (const std::string& header : {std::string(),
                                    std::string("Content-Length: 2\r\n"),
                                    std::string("Content-Type: application/json; charset=utf-8\r\n"),
                                    std::string("Content-Type: application/JSON\r\n"),
                                    std::string("Content-Type: text/plain\r\n"),
                                    std::string("Content-Type:application/json\r\n"),
                                    std::string("Content-Type:  application/json\r\n"),
                                    std::string("Content-Type: application/json \r\n"),
                                    StrCat(type, type),
                                    StrCat(type, "Connection: close\r\n"),
                                    StrCat(type, "Connection: keep-alive\r\n"),
                                    StrCat(type, "Expect: 100-continue\r\n"),
                                    StrCat(type, "Transfer-Encoding: chunked\r\n"),
                                    StrCat(type, "Content-Encoding: gzip\r\n"),
                                    StrCat(type, "Upgrade: h2c\r\n"),
                                    StrCat(type, "Range: bytes=0-1\r\n"),
                                    StrCat(type, "X-Other: 1\r\n"),
                                    StrCat(type, "Accept: json\r\n"),
                                    StrCat(type, "Accept: text/html\r\n"),
                                    StrCat(type, "Accept: ,\r\n"),
                                    StrCat(type, "Host: a\r\nHost: a\r\n"),
                                    StrCat(type, "Host:\r\n"),
                                    StrCat(type, "User-Agent: a\tb\r\n"),
                                    StrCat(type, "User-Agent: \xC3\xA9\r\n"),
                                    StrCat(type, "User-Agent: ", std::string(2048, 'x'), "\r\n")}) {
    EXPECT_FALSE(ParsePlainRequest(RequestOf("POST /validate HTTP/1.1", header)).has_value()) << header;
  }
}

}  // namespace
}  // namespace tidewaiter
