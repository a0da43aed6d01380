// SPDX-License-Identifier: Apache-2.0
//
// Namespaces' labels: what the watch tells, what is asked for, and what holds while the API server is away.
#include "webhook/cluster/namespace_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/cluster/testing/fake_api_server.h"
#include "tests/testing/tls_client.h"

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;

class NamespaceWatchTest : public ::testing::Test {
 protected:
  void Start(milliseconds absence_holds = milliseconds(0)) {
    NamespaceWatchOptions options;
    options.reflector.backoff = {.first = milliseconds(5), .most = milliseconds(20)};
    options.fetch_timeout = milliseconds(2000);
    options.absence_holds = absence_holds;
    watch_ = std::make_unique<NamespaceWatch>(client_, options);
    watch_->Start();
    ASSERT_TRUE(watch_->reflector().WaitForSync(std::chrono::seconds(10)));
    ASSERT_TRUE(Eventually([&] { return server_.open_watches() == 1; }));
  }
  // The labels as text, "unknown" for none.
  std::string Find(std::string_view name) {
    const auto labels = watch_->FindLabels(name);
    if (labels == nullptr) return "unknown";
    std::string text;
    for (const auto& [key, value] : *labels) text += key + "=" + value + " ";
    return text;
  }
  int CountFetches() {
    return server_.CountSeen([](const SeenRequest& r) { return r.target.starts_with("/api/v1/namespaces/"); });
  }
  FakeApiServer server_;
  ApiClient client_{server_.Config()};
  std::unique_ptr<NamespaceWatch> watch_;
};

TEST_F(NamespaceWatchTest, FollowsTheCluster) {
  server_.Put("shop", {{"team", "a"}});
  server_.Put("bare", nullptr);
  Start();
  EXPECT_EQ(Find("shop"), "kubernetes.io/metadata.name=shop team=a ");
  EXPECT_EQ(Find("bare"), "kubernetes.io/metadata.name=bare ");
  EXPECT_EQ(watch_->size(), 2u);
  const auto before = watch_->FindLabels("shop");
  server_.Put("shop", {{"team", "b"}, {"kubernetes.io/metadata.name", "lie"}});
  EXPECT_TRUE(Eventually([&] { return Find("shop") == "kubernetes.io/metadata.name=shop team=b "; }));
  EXPECT_EQ(before->at("team"), "a") << "what was handed out does not change";
  server_.Remove("shop");
  EXPECT_TRUE(Eventually([&] { return watch_->size() == 1; }));
  EXPECT_EQ(Find("shop"), "unknown");
}

TEST_F(NamespaceWatchTest, NothingIsAskedBeforeTheFirstList) {
  server_.AnswerNext(1'000'000, 503);
  watch_ = std::make_unique<NamespaceWatch>(client_);
  watch_->Start();
  EXPECT_EQ(Find("shop"), "unknown");
  EXPECT_EQ(CountFetches(), 0);
}

TEST_F(NamespaceWatchTest, AnUnknownOneIsAskedForOnceAndKept) {
  Start();
  server_.PutSilently("new", {{"team", "a"}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Find("new"), "kubernetes.io/metadata.name=new team=a ");
  EXPECT_EQ(CountFetches(), 1);
  server_.Remove("new");
  EXPECT_TRUE(Eventually([&] { return watch_->size() == 0; })) << "the watch's word goes first";
}

TEST_F(NamespaceWatchTest, ManyThreadsMakeOneRequest) {
  Start();
  server_.PutSilently("new");
  std::atomic<int> started = 0;
  std::atomic<bool> is_released = false;
  server_.SetOverride([&](const httplib::Request& request, httplib::Response&) {
    if (request.path == "/api/v1/namespaces/new") {
      EXPECT_TRUE(Eventually([&] { return is_released.load(); }));
    }
    return false;
  });
  std::vector<std::thread> threads;
  std::atomic<int> known = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      ++started;
      known += watch_->FindLabels("new") != nullptr ? 1 : 0;
    });
  }
  EXPECT_TRUE(Eventually([&] { return started == 6 && CountFetches() == 1; }));
  is_released = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(known, 6);
  EXPECT_EQ(CountFetches(), 1);
}

TEST_F(NamespaceWatchTest, AbsenceHoldsForAWhile) {
  Start(std::chrono::hours(1));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Find("none"), "unknown");
  EXPECT_EQ(CountFetches(), 1);
  // But the watch's word goes before it.
  server_.Put("none");
  EXPECT_TRUE(Eventually([&] { return Find("none") == "kubernetes.io/metadata.name=none "; }));
}

TEST_F(NamespaceWatchTest, WhatCannotBeANameIsNotAskedFor) {
  Start();
  for (const std::string& name : std::vector<std::string>{"", "A", "a/b", "..", "a.b", "-a", "a-", "a b", "a?b",
                                                          std::string(64, 'a'), std::string(1u << 20, 'a')}) {
    EXPECT_EQ(Find(name), "unknown");
  }
  EXPECT_EQ(CountFetches(), 0);
}

TEST_F(NamespaceWatchTest, AnotherObjectIsNoAnswer) {
  Start();
  server_.SetOverride([](const httplib::Request&, httplib::Response& response) {
    response.set_content(R"({"kind":"Namespace","metadata":{"name":"other"}})", "application/json");
    return true;
  });
  EXPECT_EQ(Find("new"), "unknown");
}

TEST_F(NamespaceWatchTest, WhatIsKnownHoldsWhileTheServerIsAway) {
  server_.Put("shop", {{"team", "a"}});
  Start();
  server_.AnswerNext(1'000'000, 503);
  server_.DropWatches();
  ASSERT_TRUE(Eventually([&] { return watch_->reflector().counters().errors >= 3; }));
  EXPECT_EQ(Find("shop"), "kubernetes.io/metadata.name=shop team=a ");
  EXPECT_EQ(Find("new"), "unknown");
  watch_->Stop();
  EXPECT_EQ(Find("shop"), "kubernetes.io/metadata.name=shop team=a ");
}

TEST_F(NamespaceWatchTest, AQuestionEndsInTimeAndWithTheWatch) {
  Start();
  server_.Hang(true);
  std::thread asking([&] { EXPECT_EQ(Find("new"), "unknown"); });
  ASSERT_TRUE(Eventually([&] { return server_.hanging() == 1; }));
  const auto start = std::chrono::steady_clock::now();
  watch_->Stop();
  asking.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST_F(NamespaceWatchTest, ReadersWhileItChanges) {
  Start();
  std::atomic<bool> is_over = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      while (!is_over) {
        const auto labels = watch_->FindLabels("n1");
        if (labels != nullptr) {
          EXPECT_EQ(labels->at("kubernetes.io/metadata.name"), "n1");
        }
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    server_.Put("n" + std::to_string(i % 3), {{"i", std::to_string(i)}});
    if (i % 7 == 6) server_.Remove("n" + std::to_string(i % 3));
    if (i % 20 == 10) server_.DropWatches();
  }
  server_.Put("n1", {{"i", "last"}});
  EXPECT_TRUE(Eventually([&] { return Find("n1") == "i=last kubernetes.io/metadata.name=n1 "; }));
  is_over = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace tidewaiter
