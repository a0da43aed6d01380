// SPDX-License-Identifier: Apache-2.0
//
// The whole server in process: every HTTP answer of the admission port and the operations port, start and end.
#include "webhook/server/webhook_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/testing/reviews.h"
#include "tests/testing/tls_client.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

ServeOptions LocalOptions() {
  ServeOptions options;
  options.listen_host = options.ops_host = "127.0.0.1";
  options.listen_port = options.ops_port = 0;
  options.log_level = LogLevel::kError;
  options.version = "test";
  return options;
}

class WebhookServerTest : public ::testing::Test {
 protected:
  void SetUp() override { server_ = *WebhookServer::Start(LocalOptions()); }

  // One plain GET on the operations port.
  std::string Get(const std::string& path) {
    const int socket = ConnectTcp(server_->ops_port());
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(send(socket, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    std::string answer;
    char buffer[4096];
    for (ssize_t got = 0; (got = recv(socket, buffer, sizeof(buffer), 0)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(got));
    }
    close(socket);
    return answer;
  }

  std::unique_ptr<WebhookServer> server_;
  const std::string review_ = NewReview({{"spec", {{"containers", {{{"name", "c"}, {"image", "a:1"}}}}}}}).dump();
};

TEST_F(WebhookServerTest, EachRequestGetsItsAnswer) {
  struct Row {
    std::string request;
    int status;
    std::string header;
    std::string body;
  };
  const Row rows[] = {
      {PostRequest("/mutate?timeout=10s", review_), 200, "application/json", "\"patchType\":\"JSONPatch\""},
      {PostRequest("/validate", review_), 200, "application/json", "\"allowed\":false"},
      {PostRequest("/validate", review_, "Application/JSON ; charset=utf-8"), 200, "application/json", "u-1"},
      {PostRequest("/elsewhere", review_), 404, "text/plain", "unknown path"},
      {"GET /validate HTTP/1.1\r\nHost: h\r\n\r\n", 405, "Allow: POST", "only POST"},
      {"PUT /mutate HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 405, "Allow: POST", "only POST"},
      {PostRequest("/validate", review_, "text/plain"), 415, "text/plain", "application/json"},
      {PostRequest("/validate", review_, "application/jsonp"), 415, "text/plain", "application/json"},
      {PostRequest("/validate", ""), 400, "text/plain", "malformed review: empty"},
      {PostRequest("/validate", "{"), 400, "text/plain", "malformed review: not JSON"},
      {PostRequest("/validate?timeout=1ns", review_), 429, "Retry-After: 1", "timeout is over"},
      {PostRequest("/validate?timeout=soon", review_), 200, "application/json", "u-1"},
  };
  TlsClient client(server_->port());
  for (const Row& row : rows) {
    const HttpResponse response = client.Ask(row.request);  // one connection: none of these ends it
    EXPECT_EQ(response.status, row.status) << row.request;
    EXPECT_THAT(response.header, HasSubstr(row.header));
    EXPECT_THAT(response.body, HasSubstr(row.body));
  }
}

// What a server counted of requests, decisions and errors, without times.
std::string CountsOf(WebhookServer& server) {
  std::string counts;
  const std::string text = server.metrics().Render();
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const std::string line = text.substr(at, text.find('\n', at) - at);
    for (const char* name :
         {"tidewaiter_admission_requests_total", "tidewaiter_errors_total", "tidewaiter_violations"}) {
      if (line.starts_with(name)) counts += line + "\n";
    }
  }
  return counts;
}

// Plain requests are answered without cpp-httplib; one more header, which means nothing, sends a request its way.
TEST_F(WebhookServerTest, PlainRequestsAreAnsweredAsAllOthers) {
  const std::string with_unicode =
      NewReview({{"spec", {{"containers", {{{"name", "\u00e9"}, {"image", "a"}}}}}}}).dump();
  const std::string bodies[] = {review_,
                                with_unicode,
                                "{",
                                "[]",
                                "\xC0\xAF",
                                std::string(1, '\0'),
                                NewReview({{"spec", 1}}).dump(),
                                std::string(200'000, '['),
                                review_ + std::string(100'000, ' ')};
  std::vector<std::pair<std::string, std::string>> requests;  // the request, and the same the long way
  const auto add = [&](const std::string& target, const std::string& body, const std::string& header) {
    requests.emplace_back(PostRequest(target, body, "application/json", header),
                          PostRequest(target, body, "application/json", header + "X-Other: 1\r\n"));
  };
  for (const char* target : {"/validate", "/mutate", "/validate-policy", "/validate?timeout=10s", "/validate?timeout=",
                             "/validate?timeout=soon", "/validate?timeout=1ns", "/elsewhere", "/"}) {
    for (const std::string& body : bodies) add(target, body, "");
  }
  for (const char* value : {"*/*", "application/json, */*", "application/json", "text/html", "json", ",", ";",
                            "a/b,,c/d", "a/b;q=2", "a/b%2C", "application/json;q=0.5", "gzip", "identity;q=0", "%00",
                            "%", "00-1-2-03", "a=b,c=d", "a:b", "[::1]:443"}) {
    for (const char* name :
         {"Accept", "Accept-Encoding", "User-Agent", "Traceparent", "tracestate", "host", "Content-Type"}) {
      add("/validate", review_, std::string(name) + ": " + value + "\r\n");
    }
  }
  const std::unique_ptr<WebhookServer> other_server = *WebhookServer::Start(LocalOptions());
  for (const auto& [plain_request, other_request] : requests) {
    TlsClient plain_client(server_->port());
    TlsClient other_client(other_server->port());
    for (int i = 0; i < 2; ++i) {  // the second time: is the connection still there?
      const HttpResponse plain = plain_client.Ask(plain_request);
      const HttpResponse other = other_client.Ask(other_request);
      EXPECT_EQ(plain.status, other.status) << plain_request.substr(0, 300);
      EXPECT_EQ(plain.header, other.header);
      EXPECT_EQ(plain.body, other.body);
    }
  }
  EXPECT_EQ(CountsOf(*server_), CountsOf(*other_server));
  EXPECT_THAT(CountsOf(*server_), HasSubstr("bad_request"));
}

TEST(WebhookServerOfAClusterTest, NothingIsAllowedBeforeItsPoliciesAreKnown) {
  ServeOptions options = LocalOptions();
  options.has_cluster_policies = true;
  const std::unique_ptr<WebhookServer> server = *WebhookServer::Start(options);
  const std::string review = NewReview({{"spec", {{"containers", {{{"name", "c"}, {"image", "a:1"}}}}}}}).dump();
  TlsClient client(server->port());
  for (const char* door : {"/validate", "/mutate", "/validate-policy"}) {
    const HttpResponse response = client.Ask(PostRequest(door, review));
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.header, HasSubstr("Retry-After: 1"));
  }
  EXPECT_THAT(server->metrics().Render(), HasSubstr("tidewaiter_errors_total{reason=\"not_ready\"} 3"));
  server->SetClusterPolicies({});
  EXPECT_EQ(client.Ask(PostRequest("/validate", review)).status, 200);
}

TEST_F(WebhookServerTest, WhatEndsTheConnection) {
  struct Row {
    std::string request;
    int status;
  };
  const Row rows[] = {
      {"POST /validate HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n", 413},
      {"POST /validate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
      {"POST /validate HTTP/1.1\r\nA: " + std::string(20'000, 'x'), 431},
      {"POST /validate HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"nonsense\r\n\r\n", 400},
      {"GET /validate HTTP/1.0\r\n\r\n", 405},
  };
  for (const Row& row : rows) {
    TlsClient client(server_->port());
    const HttpResponse response = client.Ask(row.request);
    EXPECT_EQ(response.status, row.status) << row.request.substr(0, 80);
    if (row.status != 400 || response.body.find("Content-Length") != std::string::npos) {
      EXPECT_TRUE(client.IsClosedByPeer());
    }
  }
}

TEST_F(WebhookServerTest, OperationsPort) {
  EXPECT_THAT(Get("/livez"), HasSubstr("200 OK"));
  EXPECT_THAT(Get("/readyz"), HasSubstr("200 OK"));
  EXPECT_THAT(Get("/elsewhere"), HasSubstr("404"));
  TlsClient client(server_->port());
  EXPECT_EQ(client.Ask(PostRequest("/mutate", review_)).status, 200);
  EXPECT_EQ(client.Ask(PostRequest("/nowhere", review_)).status, 404);
  const std::string metrics = Get("/metrics");
  EXPECT_THAT(metrics, HasSubstr("version=0.0.4"));
  EXPECT_THAT(metrics, HasSubstr(R"(requests_total{decision="patch",door="mutate",kind="Pod",operation="CREATE"} 1)"));
  EXPECT_THAT(metrics, HasSubstr(R"(tidewaiter_errors_total{reason="not_found"} 1)"));
  EXPECT_THAT(metrics, HasSubstr("tidewaiter_policies_loaded 1"));
}

TEST_F(WebhookServerTest, PoliciesAreReplacedAsAWhole) {
  TlsClient client(server_->port());
  EXPECT_THAT(client.Ask(PostRequest("/validate", review_)).body, HasSubstr("\"allowed\":false"));
  server_->SetPolicies(std::make_shared<const PolicySet>());
  EXPECT_THAT(client.Ask(PostRequest("/validate", review_)).body, HasSubstr("\"allowed\":true"));
}

TEST_F(WebhookServerTest, DrainsBeforeItStops) {
  TlsClient client(server_->port());
  ASSERT_EQ(client.Ask(PostRequest("/validate", review_)).status, 200);
  std::promise<void> hurry;
  std::thread drainer([&] { server_->Drain([&](milliseconds) { hurry.get_future().wait(); }); });
  EXPECT_TRUE(Eventually([&] { return Get("/readyz").find("503") != std::string::npos; }));
  EXPECT_THAT(Get("/readyz"), HasSubstr("draining"));
  EXPECT_THAT(Get("/livez"), HasSubstr("200 OK"));
  const HttpResponse response = client.Ask(PostRequest("/validate", review_));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.header, HasSubstr("Connection: close"));
  EXPECT_TRUE(client.IsClosedByPeer());
  TlsClient late(server_->port());  // still served
  EXPECT_EQ(late.Ask(PostRequest("/validate", review_)).status, 200);
  hurry.set_value();
  drainer.join();
  EXPECT_LT(ConnectTcp(server_->port()), 0);
}

}  // namespace
}  // namespace tidewaiter
