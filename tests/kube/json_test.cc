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
  for (const auto& [key, value] : document->root().members()) {
    StrAppend(&seen, key, "=", JsonTypeName(value.type()), " ");
  }
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

TEST(JsonTest, WalksPassWholeValues) {
  const JsonDocument document = *JsonDocument::Parse(
      R"([-1, 18446744073709551615, 0.5, "x", "", true, false, null, [1, [2], {}], {"a": [1], "b": {"c": 2}}, [], {}])");
  std::string seen;
  for (const JsonValue element : document.root().elements()) {
    StrAppend(&seen, JsonTypeName(element.type()), element.element_count(), element.member_count(), " ");
  }
  EXPECT_EQ(
      seen,
      "integer00 number00 number00 string00 string00 boolean00 boolean00 null00 array30 object02 array00 object00 ");
  seen.clear();
  const JsonDocument keys = *JsonDocument::Parse(R"({"a":{"x":[]},"":1,"a":2.5,"b\u0000\n":"\u00e9"})");
  for (const auto& [key, value] : keys.root().members()) {
    StrAppend(&seen, key.size(), key == "a" ? "a" : "", JsonTypeName(value.type()), " ");
  }
  EXPECT_EQ(seen, "1aobject 0integer 1anumber 3string ");
}

TEST(JsonTest, NothingIsInsideOfWhatIsNoListAndNoObject) {
  const JsonDocument document = *JsonDocument::Parse(R"([1, 0.5, "x", true, null, {"a": 1}, [1]])");
  int members = 0;
  int elements = 0;
  for (const JsonValue value : document.root().elements()) {
    for (const JsonMember& member : value.members()) members += member.key == "a" ? 1 : 100;
    for (const JsonValue element : value.elements()) elements += element.integer() == 1 ? 1 : 100;
  }
  EXPECT_EQ(members, 1);
  EXPECT_EQ(elements, 1);
  const JsonValue by_itself;
  EXPECT_TRUE(by_itself.is_null());
  EXPECT_EQ(by_itself.Find("a"), std::nullopt);
  EXPECT_EQ(by_itself.elements().begin() != by_itself.elements().end(), false);
  EXPECT_EQ(by_itself.NumberText(), "");
}

TEST(JsonTest, Scalars) {
  const JsonDocument document = *JsonDocument::Parse(
      R"([-9223372036854775808, 9223372036854775807, 9223372036854775808, 1e2, -0.0, 0.1, "1", true, false])");
  std::string seen;
  for (const JsonValue value : document.root().elements()) {
    std::int64_t integer = 7;
    bool boolean = false;
    std::string_view text = "-";
    const bool is_integer = value.Get(integer);
    StrAppend(&seen,
              is_integer           ? "i"
              : value.Get(boolean) ? "b"
              : value.Get(text)    ? "s"
                                   : "",
              integer, boolean ? "t" : "", text, value.boolean() ? "T" : "", value.string(), value.NumberText(), "\n");
  }
  EXPECT_EQ(seen,
            "i-9223372036854775808--9223372036854775808\ni9223372036854775807-9223372036854775807\n"
            "7-9223372036854775808\n7-100.0\n7--0.0\n7-0.1\ns711\nb7t-T\nb7-\n");
}

}  // namespace
}  // namespace tidewaiter
