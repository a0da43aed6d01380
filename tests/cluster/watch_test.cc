// SPDX-License-Identifier: Apache-2.0
//
// Watches: events as they arrive, their end in every way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "tests/cluster/testing/fake_api_server.h"
#include "tests/testing/tls_client.h"
#include "webhook/cluster/api_client.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A watch on a thread of its own.
class WatchTest : public ::testing::Test {
 protected:
  ~WatchTest() override {
    cancellation_.Cancel();
    if (thread_.joinable()) thread_.join();
  }
  void Start(ApiClient& client, WatchOptions options = {}) {
    options.resource_version = "0";
    options.cancellation = &cancellation_;
    options.on_open = [this] { is_open_ = true; };
    thread_ = std::thread([this, &client, options] {
      result_ = client.Watch(kNamespaces, options, [this](WatchEvent event) {
        const std::lock_guard lock(mutex_);
        events_.push_back(std::string(1, "AMDB"[static_cast<int>(event.type)]) + " " +
                          TextAt(event.object, {"metadata", "name"}));
        return refusal_;
      });
      is_ended_ = true;
    });
    EXPECT_TRUE(Eventually([this] { return is_open_ || is_ended_; }));
  }
  absl::Status Join() {
    EXPECT_TRUE(Eventually([this] { return is_ended_.load(); }));
    cancellation_.Cancel();
    thread_.join();
    return result_;
  }
  std::vector<std::string> events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  bool Got(std::size_t count) {
    return Eventually([&] { return events().size() >= count; });
  }

  FakeApiServer server_;
  ApiClient client_{server_.Config()};
  Cancellation cancellation_;
  std::thread thread_;
  std::atomic<bool> is_open_ = false, is_ended_ = false;
  std::mutex mutex_;
  std::vector<std::string> events_;
  absl::Status result_, refusal_;
};

TEST_F(WatchTest, EventsArriveOneByOne) {
  Start(client_);
  server_.Put("a");
  ASSERT_TRUE(Got(1));
  server_.Put("a");
  ASSERT_TRUE(Got(2));
  server_.Remove("a");
  server_.SendBookmark();
  ASSERT_TRUE(Got(4));
  // A line in pieces, two in one piece, empty ones.
  server_.SendRaw(R"({"type":"ADDED","obj)");
  server_.SendRaw("ect\":{}}\n\r\n{\"type\":\"ADDED\",\"object\":{}}\n\n");
  ASSERT_TRUE(Got(6));
  EXPECT_THAT(events(), ElementsAre("A a", "M a", "D a", "B ", "A ", "A "));
  server_.EndWatches();
  EXPECT_TRUE(Join().ok());
  const auto query = server_.seen().back().query;
  EXPECT_EQ(query.find("allowWatchBookmarks")->second, "true");
  EXPECT_EQ(query.find("timeoutSeconds")->second, "300");
}

TEST_F(WatchTest, ADroppedConnection) {
  Start(client_);
  server_.SendRaw(R"({"type":)");
  server_.DropWatches();
  EXPECT_TRUE(absl::IsUnavailable(Join()));
}

TEST_F(WatchTest, AGoodEndWithinAnEvent) {
  Start(client_);
  server_.SendRaw(R"({"type":)");
  server_.EndWatches();
  EXPECT_TRUE(absl::IsUnavailable(Join()));
}

TEST_F(WatchTest, AnErrorEventIsTheStatusInIt) {
  Start(client_);
  server_.SendRaw(Json({{"type", "ERROR"}, {"object", FakeApiServer::StatusObject(410, "Expired", "too old")}}).dump() +
                  "\n");
  const absl::Status status = Join();
  EXPECT_TRUE(absl::IsOutOfRange(status)) << status;
  EXPECT_THAT(status.ToString(), HasSubstr("410 Expired: too old"));
}

TEST_F(WatchTest, RefusedAtOnce) {
  server_.Expire();
  Start(client_);
  EXPECT_TRUE(absl::IsOutOfRange(Join()));
  EXPECT_FALSE(is_open_);
}

TEST_F(WatchTest, Garbage) {
  for (const char* line : {"nonsense", "[]", R"({"type":"ADDED"})", R"({"type":"ADDED","object":1})",
                           R"({"type":"OTHER","object":{}})", R"({"object":{}})"}) {
    is_open_ = is_ended_ = false;
    WatchOptions options;
    options.resource_version = "0";
    options.on_open = [this] { is_open_ = true; };
    absl::Status status;
    std::thread watching([&] {
      status = client_.Watch(kNamespaces, options, [](WatchEvent) { return absl::OkStatus(); });
      is_ended_ = true;
    });
    EXPECT_TRUE(Eventually([&] { return server_.open_watches() == 1; }));
    server_.SendRaw(std::string(line) + "\n");
    EXPECT_TRUE(Eventually([&] { return is_ended_.load(); })) << line;
    server_.EndWatches();
    watching.join();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << line << " " << status;
    EXPECT_TRUE(Eventually([&] { return server_.open_watches() == 0; }));
  }
}

TEST_F(WatchTest, AnEventWithoutAnEndIsCutOff) {
  Start(client_);
  for (int i = 0; i < 17; ++i) server_.SendRaw(std::string(1u << 20, 'x'));
  EXPECT_TRUE(absl::IsResourceExhausted(Join()));
}

TEST_F(WatchTest, WhatTheCallerReturnsEndsIt) {
  refusal_ = absl::InvalidArgumentError("no");
  Start(client_);
  server_.Put("a");
  EXPECT_TRUE(absl::IsInvalidArgument(Join()));
}

TEST_F(WatchTest, SilenceEndsIt) {
  WatchOptions options;
  options.idle_timeout = std::chrono::milliseconds(100);
  Start(client_, options);
  EXPECT_TRUE(absl::IsDeadlineExceeded(Join()));
}

TEST_F(WatchTest, CancelledInSilence) {
  Start(client_);
  ASSERT_TRUE(Eventually([&] { return server_.open_watches() == 1; }));
  const auto start = std::chrono::steady_clock::now();
  cancellation_.Cancel();
  EXPECT_TRUE(absl::IsCancelled(Join()));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST_F(WatchTest, CancelledInSilenceOverTls) {
  FakeApiServer server(MakeTestCertificate("IP:127.0.0.1"));
  ApiClient client(server.Config());
  Start(client);
  server.Put("a");
  ASSERT_TRUE(Got(1));
  const auto start = std::chrono::steady_clock::now();
  cancellation_.Cancel();
  EXPECT_TRUE(absl::IsCancelled(Join()));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

}  // namespace
}  // namespace tidewaiter
