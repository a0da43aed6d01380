// SPDX-License-Identifier: Apache-2.0
//
// Single objects: what is sent, what comes back, and what is tried again.
#include "webhook/cluster/api_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cluster/testing/fake_api_server.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/tls_client.h"

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;

class ApiClientTest : public ::testing::Test {
 protected:
  // Answers everything with its own body, or an empty object.
  void Echo() {
    server_.SetOverride([](const httplib::Request& request, httplib::Response& response) {
      response.set_content(request.body.empty() ? "{}" : request.body, "application/json");
      return true;
    });
  }
  FakeApiServer server_;
  ApiClient client_{server_.Config()};
};

TEST_F(ApiClientTest, WhatEachCallSends) {
  Echo();
  const Json object = {{"kind", "Namespace"}};
  const std::string path = ResourcePath("/apis/a.io/v1", "shop", "things", "x y");
  EXPECT_EQ(path, "/apis/a.io/v1/namespaces/shop/things/x%20y");
  EXPECT_TRUE(client_.Get(path).ok());
  EXPECT_EQ(client_.Create(ResourcePath("/api/v1", "", "namespaces"), object).value(), object);
  EXPECT_EQ(client_.Update(path, object).value(), object);
  EXPECT_EQ(client_.UpdateStatus(path, object).value(), object);
  for (const PatchType type : {PatchType::kMerge, PatchType::kJson, PatchType::kApply}) {
    EXPECT_EQ(client_.Patch(path, type, object).value(), object);
  }
  EXPECT_TRUE(client_.Delete(path).ok());
  std::vector<std::string> lines;
  for (const SeenRequest& seen : server_.seen()) {
    std::string line = seen.method + " " + seen.target + " " + seen.content_type;
    for (const auto& [name, value] : seen.query) line += " " + name + "=" + value;
    lines.push_back(line);
    EXPECT_EQ(seen.user_agent, "tidewaiter/" TIDEWAITER_VERSION);
    EXPECT_EQ(seen.authorization, "");
  }
  const std::string thing = "/apis/a.io/v1/namespaces/shop/things/x y";
  EXPECT_THAT(lines, ::testing::ElementsAre(
                         "GET " + thing + " ", "POST /api/v1/namespaces application/json fieldManager=tidewaiter",
                         "PUT " + thing + " application/json fieldManager=tidewaiter",
                         "PUT " + thing + "/status application/json fieldManager=tidewaiter",
                         "PATCH " + thing + " application/merge-patch+json fieldManager=tidewaiter",
                         "PATCH " + thing + " application/json-patch+json fieldManager=tidewaiter",
                         "PATCH " + thing + " application/apply-patch+yaml fieldManager=tidewaiter force=true",
                         "DELETE " + thing + " "));
}

TEST_F(ApiClientTest, RefusalsKeepTheirReason) {
  const absl::Status status = client_.Get("/api/v1/namespaces/none").status();
  EXPECT_EQ(status.ToString(absl::StatusToStringMode::kWithNoExtraData),
            "NOT_FOUND: GET /api/v1/namespaces/none: 404 NotFound: namespaces \"none\" not found");
  EXPECT_EQ(ApiErrorOf(status)->reason, "NotFound");
}

TEST_F(ApiClientTest, AnswersThatAreNoObject) {
  for (const char* body : {"", "[]", "{", "<html>"}) {
    server_.AnswerNext(1, 200, body);
    EXPECT_EQ(client_.Get("/x").status().code(), absl::StatusCode::kDataLoss) << body;
  }
}

TEST_F(ApiClientTest, AnAnswerWithoutAnEndIsCutOff) {
  server_.SetOverride([](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("application/json", [](std::size_t, httplib::DataSink& sink) {
      static const std::string megabyte(1u << 20, ' ');
      return sink.write(megabyte.data(), megabyte.size());
    });
    return true;
  });
  const absl::Status status = client_.Get("/x", {.timeout = std::chrono::seconds(60)}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

TEST_F(ApiClientTest, RetryAfterIsRespected) {
  for (const int code : {429, 503, 500}) {
    const std::size_t before = server_.seen().size();
    server_.AnswerNext(3, code, "", "0");
    server_.PutSilently("shop");
    EXPECT_TRUE(client_.Get("/api/v1/namespaces/shop").ok()) << code;
    EXPECT_EQ(server_.seen().size() - before, 4u);
  }
}

TEST_F(ApiClientTest, RetryAfterAPauseOfASecond) {
  server_.PutSilently("shop");
  server_.AnswerNext(1, 429, "", "1");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(client_.Get("/api/v1/namespaces/shop").ok());
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST_F(ApiClientTest, NoRetryWithoutTimeOrRetryAfterNorWithoutEnd) {
  struct Row {
    int code;
    const char* retry_after;
    std::size_t requests;
  };
  for (const Row& row : {Row{429, "3600", 1}, Row{429, "", 1}, Row{503, "", 1}, Row{403, "0", 1}, Row{429, "0", 11}}) {
    const std::size_t before = server_.seen().size();
    server_.AnswerNext(100, row.code, "", row.retry_after);
    const absl::Status status = client_.Get("/x").status();
    EXPECT_EQ(ApiErrorOf(status)->code, row.code) << status;
    EXPECT_EQ(server_.seen().size() - before, row.requests) << row.code << " " << row.retry_after;
  }
}

TEST_F(ApiClientTest, ACancelledPauseEnds) {
  server_.AnswerNext(1, 429, "", "3");
  Cancellation cancellation;
  std::thread canceller([&] {
    EXPECT_TRUE(Eventually([&] { return server_.seen().size() == 1; }));
    cancellation.Cancel();
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(client_.Get("/x", {.timeout = std::chrono::seconds(10), .cancellation = &cancellation}).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  canceller.join();
}

TEST_F(ApiClientTest, ARotatedTokenIsReadAfterA401) {
  TemporaryFolder folder;
  folder.Write("token", "old");
  ClusterConfig config = server_.Config();
  config.token_file = folder.Path("token");
  ApiClient client(config);
  server_.PutSilently("shop");
  server_.RequireToken("old");
  EXPECT_TRUE(client.Get("/api/v1/namespaces/shop").ok());
  server_.RequireToken("new");
  EXPECT_TRUE(absl::IsUnauthenticated(client.Get("/api/v1/namespaces/shop").status()));
  EXPECT_EQ(server_.seen().size(), 2u) << "the same token is not tried twice";
  folder.Write("token", "new");
  EXPECT_TRUE(client.Get("/api/v1/namespaces/shop").ok());
  ASSERT_EQ(server_.seen().size(), 4u);
  EXPECT_EQ(server_.seen()[2].authorization, "Bearer old");
  EXPECT_EQ(server_.seen()[3].authorization, "Bearer new");
}

TEST_F(ApiClientTest, UpdateWithRetry) {
  server_.PutSilently("shop");
  std::atomic<int> conflicts = 2;
  server_.SetOverride([&](const httplib::Request& request, httplib::Response& response) {
    if (request.method != "PUT") return false;
    if (conflicts-- > 0) {
      FakeApiServer::Refuse(response, 409, "Conflict", "the object has been modified");
    } else {
      response.set_content(request.body, "application/json");
    }
    return true;
  });
  int modified = 0;
  const auto modify = [&](Json& object) {
    object["spec"] = ++modified;
    return absl::OkStatus();
  };
  const auto updated = client_.UpdateWithRetry("/api/v1/namespaces/shop", modify);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ((*updated)["spec"], 3);
  conflicts = 100;
  modified = 0;
  EXPECT_TRUE(absl::IsAborted(client_.UpdateWithRetry("/api/v1/namespaces/shop", modify, true).status()));
  EXPECT_EQ(modified, 5);
  EXPECT_EQ(server_.seen().back().target, "/api/v1/namespaces/shop/status");
  const auto refuse = [](Json&) { return absl::AlreadyExistsError("nothing to do"); };
  EXPECT_TRUE(absl::IsAlreadyExists(client_.UpdateWithRetry("/api/v1/namespaces/shop", refuse).status()));
  EXPECT_TRUE(absl::IsNotFound(client_.UpdateWithRetry("/api/v1/namespaces/none", modify).status()));
}

TEST_F(ApiClientTest, LargeBodiesArrive) {
  Echo();
  const Json object = {{"data", std::string(3u << 20, 'x')}};
  EXPECT_TRUE(client_.Create("/x", object).value() == object);
}

}  // namespace
}  // namespace tidewaiter
