// SPDX-License-Identifier: Apache-2.0
//
// A reflector against everything that an API server does to its watches.
#include "webhook/cluster/reflector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <new>

#include "tests/cluster/testing/fake_api_server.h"
#include "tests/testing/tls_client.h"

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;

// The state as a handler sees it: names and the label "v".
class State : public ReflectorHandler {
 public:
  // The next `count` changes find no memory.
  void ThrowAtChanges(int count) { throws_ = count; }
  void BeginList() override { listed_.clear(); }
  absl::Status ListItem(Json object) override {
    listed_[TextAt(object, {"metadata", "name"})] = TextAt(object, {"metadata", "labels", "v"});
    return absl::OkStatus();
  }
  void Replace(const std::string&) override {
    ThrowWhenTold();
    const std::lock_guard lock(mutex_);
    state_.swap(listed_);
    ++replaced_;
  }
  absl::Status Upsert(Json object) override {
    ThrowWhenTold();
    const std::lock_guard lock(mutex_);
    state_[TextAt(object, {"metadata", "name"})] = TextAt(object, {"metadata", "labels", "v"});
    return absl::OkStatus();
  }
  absl::Status Delete(Json object) override {
    const std::lock_guard lock(mutex_);
    state_.erase(TextAt(object, {"metadata", "name"}));
    return absl::OkStatus();
  }
  bool Becomes(const std::map<std::string, std::string>& expected) {
    return Eventually([&] { return Now() == expected; });
  }
  std::map<std::string, std::string> Now() {
    const std::lock_guard lock(mutex_);
    return state_;
  }
  int replaced() {
    const std::lock_guard lock(mutex_);
    return replaced_;
  }

 private:
  void ThrowWhenTold() {
    if (throws_ > 0 && throws_-- > 0) throw std::bad_alloc();
  }

  std::atomic<int> throws_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::string> listed_, state_;
  int replaced_ = 0;
};

class ReflectorTest : public ::testing::Test {
 protected:
  ReflectorTest() {
    options_.path = kNamespaces;
    options_.kind = "Namespace";
    options_.page_size = 2;
    options_.backoff = {.first = milliseconds(5), .most = milliseconds(20)};
  }
  void Start() {
    reflector_ = std::make_unique<Reflector>(client_, options_, state_);
    reflector_->Start();
  }
  void StartWatching() {
    Start();
    ASSERT_TRUE(reflector_->WaitForSync(std::chrono::seconds(10)));
    ASSERT_TRUE(Eventually([&] { return server_.open_watches() == 1; }));
  }
  bool Watches(int count) {
    return Eventually([&] { return server_.watches_opened() >= count; });
  }
  static Json V(const char* value) { return {{"v", value}}; }

  FakeApiServer server_;
  ApiClient client_{server_.Config()};
  ReflectorOptions options_;
  State state_;
  std::unique_ptr<Reflector> reflector_;
};

TEST_F(ReflectorTest, ListsInPagesThenWatches) {
  for (const char* name : {"a", "b", "c", "d", "e"}) server_.Put(name, V("1"));
  StartWatching();
  EXPECT_EQ(server_.CountLists(), 3);
  EXPECT_EQ(state_.Now().size(), 5u);
  server_.Put("a", V("2"));
  server_.Remove("b");
  server_.Put("f", V("1"));
  EXPECT_TRUE(state_.Becomes({{"a", "2"}, {"c", "1"}, {"d", "1"}, {"e", "1"}, {"f", "1"}}));
  EXPECT_TRUE(Eventually([&] { return reflector_->counters().events == 3; }));
  EXPECT_EQ(reflector_->counters().lists, 1u);
  EXPECT_EQ(reflector_->counters().watches, 1u);
  EXPECT_EQ(reflector_->counters().errors, 0u);
  EXPECT_TRUE(reflector_->last_error().ok());
}

TEST_F(ReflectorTest, ALostConnectionGoesOnFromTheLastVersion) {
  server_.Put("a", V("1"));
  StartWatching();
  const int version = server_.Put("a", V("2"));
  ASSERT_TRUE(state_.Becomes({{"a", "2"}}));
  server_.DropWatches();
  ASSERT_TRUE(Watches(2));
  EXPECT_EQ(server_.seen().back().query.find("resourceVersion")->second, std::to_string(version));
  server_.Put("a", V("3"));
  EXPECT_TRUE(state_.Becomes({{"a", "3"}}));
  EXPECT_EQ(state_.replaced(), 1) << "no new list";
  EXPECT_EQ(reflector_->counters().errors, 1u);
}

TEST_F(ReflectorTest, BookmarksAdvanceTheVersion) {
  StartWatching();
  server_.SendBookmark();
  ASSERT_TRUE(Eventually([&] { return reflector_->counters().events == 1; }));
  server_.EndWatches();
  ASSERT_TRUE(Watches(2));
  EXPECT_EQ(server_.seen().back().query.find("resourceVersion")->second, "101");
  EXPECT_EQ(state_.replaced(), 1);
}

TEST_F(ReflectorTest, TooOldAsAnAnswerListsAnewAndDropsWhatVanished) {
  server_.Put("a", V("1"));
  server_.Put("b", V("1"));
  StartWatching();
  server_.RemoveSilently("a");
  server_.Expire();
  server_.DropWatches();
  EXPECT_TRUE(state_.Becomes({{"b", "1"}}));
  EXPECT_TRUE(Watches(2));
  EXPECT_EQ(state_.replaced(), 2);
}

TEST_F(ReflectorTest, TooOldAsAnEventListsAnew) {
  server_.Put("a", V("1"));
  StartWatching();
  server_.RemoveSilently("a");
  server_.SendRaw(Json({{"type", "ERROR"}, {"object", FakeApiServer::StatusObject(410, "Expired")}}).dump() + "\n");
  EXPECT_TRUE(state_.Becomes({}));
  EXPECT_TRUE(Watches(2));
}

TEST_F(ReflectorTest, GarbageListsAnew) {
  const std::string version = R"("metadata":{"name":"x","resourceVersion":"900"})";
  StartWatching();
  int lists = 1;
  for (const std::string& line : std::vector<std::string>{
           "nonsense", R"({"type":"ADDED","object":{}})", R"({"type":"ADDED","object":{"kind":"Pod",)" + version + "}}",
           R"({"type":"ADDED","object":{"kind":"Namespace","metadata":{"name":"x"}}})"}) {
    ASSERT_TRUE(Watches(lists));
    server_.SendRaw(line + "\n");
    ++lists;
    EXPECT_TRUE(Eventually([&] { return state_.replaced() == lists; })) << line;
  }
  EXPECT_EQ(state_.Now().size(), 0u);
}

TEST_F(ReflectorTest, ABadListIsTriedAgain) {
  server_.Put("a", V("1"));
  server_.AnswerNext(2, 200, R"({"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{}]})");
  std::atomic<int> told = 0;
  options_.on_error = [&](const absl::Status&) { ++told; };
  Start();
  EXPECT_TRUE(reflector_->WaitForSync(std::chrono::seconds(10)));
  EXPECT_EQ(state_.Now(), (std::map<std::string, std::string>{{"a", "1"}}));
  EXPECT_EQ(told, 2);
}

TEST_F(ReflectorTest, AKindThatIsNotThereYet) {
  server_.AnswerNext(1'000'000, 404, FakeApiServer::StatusObject(404, "NotFound").dump());
  Start();
  ASSERT_TRUE(Eventually([&] { return reflector_->counters().errors >= 3; }));
  EXPECT_FALSE(reflector_->has_synced());
  EXPECT_TRUE(absl::IsNotFound(reflector_->last_error()));
  EXPECT_FALSE(reflector_->AgeOfState().has_value());
  EXPECT_FALSE(reflector_->WaitForSync(milliseconds(1)));
  server_.SetOverride(nullptr);
  EXPECT_TRUE(reflector_->WaitForSync(std::chrono::seconds(10)));
  EXPECT_TRUE(Eventually([&] { return reflector_->last_error().ok(); }));
}

TEST_F(ReflectorTest, ASilentWatchIsGivenUp) {
  options_.idle_timeout = milliseconds(50);
  StartWatching();
  EXPECT_TRUE(Watches(3));
  EXPECT_EQ(state_.replaced(), 1);
}

TEST_F(ReflectorTest, WatchesThatEndAtOnceArePausedBetween) {
  int drawn = 0;
  options_.random = [&] { return drawn++ < 6 ? 0.0 : 0.9; };
  options_.backoff = {.first = std::chrono::hours(1), .most = std::chrono::hours(1)};
  server_.SetOverride([](const httplib::Request& request, httplib::Response& response) {
    if (!request.has_param("watch")) return false;
    response.set_content("", "application/json");
    return true;
  });
  Start();
  // Each watch draws its timeout and then its pause: 3 watches and pauses, a fourth watch and its long pause.
  EXPECT_TRUE(Eventually([&] { return reflector_->counters().errors == 4; }));
  reflector_->Stop();
  EXPECT_EQ(server_.CountWatches(), 4);
  EXPECT_EQ(state_.replaced(), 1);
}

TEST_F(ReflectorTest, TheAgeOfTheStateGrowsWhileTheServerIsAway) {
  StartWatching();
  server_.SetOverride([](const httplib::Request&, httplib::Response& response) {
    response.status = 503;
    return true;
  });
  server_.DropWatches();
  ASSERT_TRUE(Eventually([&] { return *reflector_->AgeOfState() > milliseconds(100); }));
  server_.SetOverride(nullptr);
  ASSERT_TRUE(Watches(2));
  EXPECT_TRUE(Eventually([&] {
    server_.SendBookmark();
    return *reflector_->AgeOfState() < milliseconds(100);
  }));
}

TEST_F(ReflectorTest, NoMemoryForAListOrAnEventIsTriedAgain) {
  server_.Put("a", V("1"));
  state_.ThrowAtChanges(1);
  StartWatching();
  EXPECT_EQ(state_.replaced(), 1);
  state_.ThrowAtChanges(1);
  server_.Put("a", V("2"));
  EXPECT_TRUE(state_.Becomes({{"a", "2"}}));
  EXPECT_EQ(reflector_->counters().errors, 2u);
}

TEST_F(ReflectorTest, StopsPromptly) {
  using Prepare = std::function<void()>;
  const std::pair<const char*, Prepare> rows[] = {
      {"in a silent watch", [&] { StartWatching(); }},
      {"in a list",
       [&] {
         server_.Hang(true);
         Start();
         ASSERT_TRUE(Eventually([&] { return server_.hanging() == 1; }));
       }},
      {"in a pause",
       [&] {
         options_.backoff = {.first = std::chrono::hours(1), .most = std::chrono::hours(1)};
         options_.random = [] { return 0.9; };
         server_.AnswerNext(1'000'000, 500);
         Start();
         ASSERT_TRUE(Eventually([&] { return reflector_->counters().errors == 1; }));
       }},
      {"before its start", [&] { reflector_ = std::make_unique<Reflector>(client_, options_, state_); }},
  };
  for (const auto& [name, prepare] : rows) {
    prepare();
    const auto start = std::chrono::steady_clock::now();
    reflector_->Stop();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1)) << name;
    reflector_->Stop();
    reflector_.reset();
    server_.Hang(false);
    server_.SetOverride(nullptr);
  }
}

TEST_F(ReflectorTest, StopsPromptlyWhereNobodyAnswers) {
  // An address for documentation (RFC 5737): at best nothing answers, at worst it is refused at once.
  ClusterConfig config = server_.Config();
  config.host = "192.0.2.1";
  ApiClient client(config);
  Reflector reflector(client, options_, state_);
  reflector.Start();
  EXPECT_FALSE(reflector.WaitForSync(milliseconds(50)));
  const auto start = std::chrono::steady_clock::now();
  reflector.Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST_F(ReflectorTest, ATokenThatRotates) {
  server_.Put("a", V("1"));
  StartWatching();
  server_.RequireToken("other");
  server_.DropWatches();
  ASSERT_TRUE(Eventually([&] { return absl::IsUnauthenticated(reflector_->last_error()); }));
  EXPECT_EQ(state_.Now().size(), 1u) << "what was known stays";
  server_.RequireToken("");
  EXPECT_TRUE(Watches(2));
}

}  // namespace
}  // namespace tidewaiter
