// SPDX-License-Identifier: Apache-2.0
//
// Replicas around one Lease, with a clock of their own.
#include "webhook/cluster/leader_lease.h"

#include <gtest/gtest.h>

#include <atomic>
#include <new>

#include "tests/cluster/testing/fake_api_server.h"
#include "tests/testing/tls_client.h"

namespace tidewaiter {
namespace {

using std::chrono::seconds;

constexpr char kLeases[] = "/apis/coordination.k8s.io/v1/namespaces/ours/leases";

class LeaderLeaseTest : public ::testing::Test {
 protected:
  LeaderLeaseTest() {
    server_.SetOverride([this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      if (is_away_) {
        FakeApiServer::Refuse(response, 500, "InternalError");
      } else if (request.method == "POST" && request.path == kLeases && lease_.is_null()) {
        Keep(request, response);
      } else if (request.method == "POST") {
        FakeApiServer::Refuse(response, 409, "AlreadyExists");
      } else if (lease_.is_null()) {
        FakeApiServer::Refuse(response, 404, "NotFound");
      } else if (request.method == "PUT" && Version(Json::parse(request.body)) != Version(lease_)) {
        FakeApiServer::Refuse(response, 409, "Conflict");
      } else if (request.method == "PUT") {
        Keep(request, response);
      } else {
        response.set_content(lease_.dump(), "application/json");
        if (faster_) std::exchange(faster_, nullptr)();
      }
      return true;
    });
  }

  static std::string Version(const Json& lease) { return TextAt(lease, {"metadata", "resourceVersion"}); }
  void Keep(const httplib::Request& request, httplib::Response& response) {
    lease_ = Json::parse(request.body);
    Renumber();
    response.set_content(lease_.dump(), "application/json");
  }
  void Renumber() { lease_["metadata"]["resourceVersion"] = std::to_string(++version_); }

  std::unique_ptr<LeaderLease> Replica(const std::string& identity) {
    LeaderLeaseOptions options;
    options.namespace_name = "ours";
    options.identity = identity;
    options.clock = [this] { return now_; };
    options.retry_period = std::chrono::milliseconds(20);
    options.wall_clock = [this] {
      if (throws_ > 0 && throws_-- > 0) throw std::bad_alloc();
      return 1.5 + std::chrono::duration<double>(now_.time_since_epoch()).count();
    };
    options.on_change = [this](bool is_leader) { changes_.push_back(is_leader); };
    return std::make_unique<LeaderLease>(client_, options);
  }
  std::string Holder() { return TextAt(lease_, {"spec", "holderIdentity"}); }

  FakeApiServer server_;
  ApiClient client_{server_.Config()};
  std::chrono::steady_clock::time_point now_;
  std::mutex mutex_;
  Json lease_;
  int version_ = 0;
  bool is_away_ = false;
  std::function<void()> faster_;  // runs between a replica's look and its write
  std::vector<bool> changes_;
  std::atomic<int> throws_ = 0;  // that often there is no memory for a try
};

TEST_F(LeaderLeaseTest, TheFirstOneMakesIt) {
  const auto a = Replica("a");
  EXPECT_FALSE(a->is_leader());
  EXPECT_TRUE(a->Try().ok());
  EXPECT_TRUE(a->is_leader());
  EXPECT_EQ(lease_["spec"], Json({{"holderIdentity", "a"},
                                  {"leaseDurationSeconds", 15},
                                  {"acquireTime", "1970-01-01T00:00:01.500000Z"},
                                  {"renewTime", "1970-01-01T00:00:01.500000Z"}}));
}

TEST_F(LeaderLeaseTest, WhileItIsRenewedNobodyElseGetsIt) {
  const auto a = Replica("a");
  const auto b = Replica("b");
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(a->Try().ok());
    EXPECT_TRUE(b->Try().ok());
    EXPECT_TRUE(a->is_leader());
    EXPECT_FALSE(b->is_leader());
    now_ += seconds(9);
  }
}

TEST_F(LeaderLeaseTest, ItIsTakenOverWhenItWasSeenUnchangedForItsWholeTime) {
  const auto a = Replica("a");
  const auto b = Replica("b");
  ASSERT_TRUE(a->Try().ok());
  now_ += seconds(14);
  ASSERT_TRUE(b->Try().ok());  // sees it for the first time
  now_ += seconds(14);
  ASSERT_TRUE(b->Try().ok());
  EXPECT_FALSE(b->is_leader());
  now_ += seconds(1);
  ASSERT_TRUE(b->Try().ok());
  EXPECT_TRUE(b->is_leader());
  EXPECT_EQ(lease_["spec"]["leaseTransitions"], 1);
  ASSERT_TRUE(a->Try().ok());
  EXPECT_FALSE(a->is_leader());
  EXPECT_EQ(Holder(), "b");
}

TEST_F(LeaderLeaseTest, WhoCannotRenewLeadsNoLongerBeforeAnotherOneDoes) {
  const auto a = Replica("a");
  ASSERT_TRUE(a->Try().ok());
  is_away_ = true;
  now_ += seconds(9);
  EXPECT_FALSE(a->Try().ok());
  EXPECT_TRUE(a->is_leader());
  now_ += seconds(1);
  EXPECT_FALSE(a->is_leader());
  is_away_ = false;
  EXPECT_TRUE(a->Try().ok());
  EXPECT_TRUE(a->is_leader());
}

TEST_F(LeaderLeaseTest, OfTwoThatTryAtOnceOneWins) {
  const auto a = Replica("a");
  ASSERT_TRUE(a->Try().ok());
  lease_["spec"]["holderIdentity"] = "";
  faster_ = [this] {
    lease_["spec"]["holderIdentity"] = "b";
    Renumber();
  };
  EXPECT_TRUE(a->Try().ok());
  EXPECT_EQ(Holder(), "b");
  EXPECT_TRUE(a->Try().ok());
  EXPECT_FALSE(a->is_leader());
}

TEST_F(LeaderLeaseTest, NoMemoryForATryIsTriedAgain) {
  throws_ = 2;
  const auto a = Replica("a");
  a->Start();
  EXPECT_TRUE(Eventually([&] { return a->is_leader(); }));
  EXPECT_EQ(throws_, 0);
  a->Stop();
}

TEST_F(LeaderLeaseTest, StoppingGivesItBack) {
  const auto a = Replica("a");
  const auto b = Replica("b");
  a->Start();
  EXPECT_TRUE(Eventually([&] { return a->is_leader(); }));
  a->Stop();
  EXPECT_FALSE(a->is_leader());
  EXPECT_EQ(Holder(), "");
  EXPECT_EQ(changes_, (std::vector<bool>{true, false}));
  ASSERT_TRUE(b->Try().ok());
  EXPECT_TRUE(b->is_leader());
}

}  // namespace
}  // namespace tidewaiter
