// SPDX-License-Identifier: Apache-2.0
//
// What the JSON reader takes and refuses, and that its parsers can be used again.
#include "webhook/kube/json.h"

#include <gtest/gtest.h>

#include <vector>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

TEST(JsonTest, Types) {
  const std::string text = R"({"n":null,"b":true,"i":-7,"u":18446744073709551615,"d":1.5,"s":"x","a":[1,2],"o":{}})";
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
  ASSERT_TRUE(document.ok());
  std::string seen;
  ASSERT_TRUE(document->root()
                  .ForEachMember([&](std::string_view key, JsonValue value) {
                    StrAppend(&seen, key, "=", JsonTypeName(value.type()), " ");
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(seen, "n=null b=boolean i=integer u=number d=number s=string a=array o=object ");
  EXPECT_EQ(document->root().Find("i")->integer(), -7);
  EXPECT_EQ(document->root().Find("s")->string(), "x");
  EXPECT_EQ(document->root().Find("d")->NumberText(), "1.5");
  EXPECT_EQ(document->root().Find("s")->integer(), 0);
  EXPECT_FALSE(document->root().Find("missing").has_value());
}

TEST(JsonTest, RefusesWithAReason) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", "empty"},           {"{", "not JSON"},
      {"{} {}", "not JSON"},   {"{\"a\":1e999}", "not JSON"},
      {"nul", "not JSON"},     {"\"\xC0\xAF\"", "UTF-8"},
      {"{'a':1}", "not JSON"}, {std::string(129, '[') + std::string(129, ']'), "deeper than 128"}};
  for (const auto& [text, reason] : rows) {
    const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
    ASSERT_FALSE(document.ok()) << text;
    EXPECT_NE(MessageOf(document.status()).find(reason), std::string_view::npos) << document.status();
  }
  EXPECT_TRUE(JsonDocument::Parse(std::string(128, '[') + std::string(128, ']')).ok());
}

TEST(JsonTest, DocumentsLiveSideBySide) {
  std::vector<JsonDocument> documents;
  for (int i = 0; i < 5; ++i) documents.push_back(*JsonDocument::Parse(StrCat("{\"i\":", i, "}")));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(documents[static_cast<std::size_t>(i)].root().Find("i")->integer(), i);
}

TEST(JsonTest, AnErrorStopsTheWalk) {
  const JsonDocument document = *JsonDocument::Parse("[1,2,3]");
  int visited = 0;
  const absl::Status status = document.root().ForEachElement([&](std::size_t index, JsonValue) {
    ++visited;
    return index == 1 ? InvalidArgument("stop") : absl::OkStatus();
  });
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(visited, 2);
}

}  // namespace
}  // namespace tidewaiter
