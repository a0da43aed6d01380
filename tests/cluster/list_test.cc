// SPDX-License-Identifier: Apache-2.0
//
// Lists: pages, expiry in the middle, garbage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cluster/testing/fake_api_server.h"
#include "webhook/cluster/api_client.h"

namespace tidewaiter {
namespace {

class Names : public ListReceiver {
 public:
  void BeginList() override {
    ++beginnings;
    names.clear();
  }
  absl::Status ListItem(Json object) override {
    names.push_back(TextAt(object, {"metadata", "name"}));
    if (on_item) on_item();
    return refusal;
  }
  int beginnings = 0;
  std::vector<std::string> names;
  std::function<void()> on_item;
  absl::Status refusal;
};

class ListTest : public ::testing::Test {
 protected:
  void Fill(int count) {
    for (int i = 0; i < count; ++i) server_.Put("n" + std::to_string(100 + i));
  }
  absl::StatusOr<std::string> List(int page_size = 500) {
    ListOptions options;
    options.kind = "NamespaceList";
    options.page_size = page_size;
    return client_.List(kNamespaces, options, names_);
  }
  FakeApiServer server_;
  ApiClient client_{server_.Config()};
  Names names_;
};

TEST_F(ListTest, AllPagesOnce) {
  Fill(23);
  for (const int page_size : {1, 2, 22, 23, 24, 500}) {
    const int before = server_.CountLists();
    const auto version = List(page_size);
    ASSERT_TRUE(version.ok()) << version.status();
    EXPECT_EQ(*version, "123");
    EXPECT_EQ(names_.names.size(), 23u);
    EXPECT_EQ(std::set<std::string>(names_.names.begin(), names_.names.end()).size(), 23u);
    EXPECT_EQ(server_.CountLists() - before, (23 + page_size - 1) / page_size);
  }
}

TEST_F(ListTest, AnEmptyList) {
  EXPECT_EQ(List().value(), "100");
  EXPECT_THAT(names_.names, ::testing::IsEmpty());
  server_.AnswerNext(1, 200, R"({"kind":"NamespaceList","metadata":{"resourceVersion":"7"},"items":null})");
  EXPECT_EQ(List().value(), "7");
}

TEST_F(ListTest, TheVersionIsThatOfTheFirstPage) {
  Fill(3);
  names_.on_item = [this] {
    if (names_.names.size() == 1) server_.Put("a-new-one");
  };
  EXPECT_EQ(List(2).value(), "103");
}

TEST_F(ListTest, SelectorsAreSent) {
  ListOptions options;
  options.label_selector = "a=b,c in (d,e)";
  options.field_selector = "metadata.name!=x&y";
  EXPECT_TRUE(client_.List(kNamespaces, options, names_).ok());
  const auto query = server_.seen().back().query;
  EXPECT_EQ(query.find("labelSelector")->second, options.label_selector);
  EXPECT_EQ(query.find("fieldSelector")->second, options.field_selector);
}

TEST_F(ListTest, APageThatExpiredBeginsAnew) {
  Fill(5);
  names_.on_item = [this] {
    if (names_.beginnings == 1 && names_.names.size() == 2) server_.Expire();
  };
  ASSERT_TRUE(List(2).ok());
  EXPECT_EQ(names_.beginnings, 2);
  EXPECT_THAT(names_.names, ::testing::ElementsAre("n100", "n101", "n102", "n103", "n104"));
  // But not for ever.
  names_.beginnings = 0;
  names_.on_item = [this] { server_.Expire(); };
  EXPECT_TRUE(absl::IsOutOfRange(List(2).status()));
  EXPECT_EQ(names_.beginnings, 4);
}

TEST_F(ListTest, AReceiverCanBreakItOff) {
  Fill(5);
  names_.refusal = absl::InvalidArgumentError("no");
  EXPECT_TRUE(absl::IsInvalidArgument(List(2).status()));
  EXPECT_EQ(names_.names.size(), 1u) << "not asked again";
}

TEST_F(ListTest, Garbage) {
  const std::string version = R"("metadata":{"resourceVersion":"7"})";
  for (const std::string& body : std::vector<std::string>{
           "",
           "[]",
           "{",
           "\xff",
           R"({"kind":"PodList",)" + version + R"(,"items":[]})",
           R"({"kind":7,)" + version + R"(,"items":[]})",
           R"({"kind":"NamespaceList",)" + version + "}",
           R"({"kind":"NamespaceList",)" + version + R"(,"items":{}})",
           R"({"kind":"NamespaceList",)" + version + R"(,"items":"x"})",
           R"({"kind":"NamespaceList",)" + version + R"(,"items":[1]})",
           R"({"kind":"NamespaceList",)" + version + R"(,"items":[[]]})",
           R"({"kind":"NamespaceList",)" + version + R"(,"items":[{"metadata":{)",
           R"({"kind":"NamespaceList","metadata":{},"items":[]})",
           R"({"kind":"NamespaceList","metadata":{"resourceVersion":7},"items":[]})",
           R"({"kind":"NamespaceList","items":[]})",
           std::string(100'000, '['),
       }) {
    server_.AnswerNext(1, 200, body);
    EXPECT_EQ(List().status().code(), absl::StatusCode::kDataLoss) << body.substr(0, 100);
  }
  // A server that gives the same continue token for ever.
  server_.AnswerNext(100, 200,
                     R"({"kind":"NamespaceList","metadata":{"resourceVersion":"7","continue":"x"},"items":[]})");
  EXPECT_EQ(List().status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace tidewaiter
