// SPDX-License-Identifier: Apache-2.0
//
// JSON as documents: the same nodes as from YAML, but for their places.
#include "webhook/policy/policy_resource.h"

#include <gtest/gtest.h>

#include "webhook/kube/text.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {
namespace {

DocumentNode FromJson(const std::string& text) {
  const absl::StatusOr<JsonDocument> json = JsonDocument::Parse(text);
  return DocumentFromJson(json->root(), "podpolicy/a").value();
}

TEST(PolicyResourceTest, JsonSaysWhatYamlSays) {
  for (const char* text : {R"({"a": 1, "b": [true, null, "x", 1.5, {"c": []}], "d": {}})", "[]", "\"1\"", "-7"}) {
    EXPECT_TRUE(SaySame(FromJson(text), ParseYaml(text, "f")->front())) << text;
  }
}

TEST(PolicyResourceTest, TheOrderOfKeysIsNoDifference) {
  EXPECT_TRUE(SaySame(FromJson(R"({"a":1,"b":2})"), FromJson(R"({"b":2,"a":1})")));
  for (const char* other : {R"({"a":1})", R"({"a":1,"b":"2"})", R"({"a":1,"c":2})", R"({"a":1,"b":[2]})"}) {
    EXPECT_FALSE(SaySame(FromJson(R"({"a":1,"b":2})"), FromJson(other))) << other;
  }
  EXPECT_FALSE(SaySame(FromJson("[1,2]"), FromJson("[2,1]")));
  EXPECT_FALSE(SaySame(FromJson("[1,2]"), FromJson("[1]")));
}

TEST(PolicyResourceTest, PlacesAreKeyPaths) {
  const DocumentNode node = FromJson(R"({"a": {"b": [{"c d": 1}]}})");
  const DocumentNode& inner = node.Find("a")->Find("b")->items[0].entries[0].value;
  EXPECT_EQ(MessageOf(inner.Error("x")), "podpolicy/a: a.b[0].\"c d\": x");
  EXPECT_EQ(MessageOf(node.Error("x")), "podpolicy/a: x");
}

TEST(PolicyResourceTest, OnlyOursIsKeptOfAnObject) {
  const absl::StatusOr<JsonDocument> json = JsonDocument::Parse(
      R"({"apiVersion":"v","kind":"k","metadata":{"name":"a","uid":"u","managedFields":[]},"spec":{},"status":{}})");
  const DocumentNode document = PolicyDocumentOf(json->root()).value();
  EXPECT_EQ(document.entries.size(), 4u);
  EXPECT_EQ(document.Find("metadata")->entries.size(), 1u);
  EXPECT_EQ(*document.file, "podpolicy/a");
  for (const char* text : {"{}", "[]", R"({"metadata":{"name":1}})", R"({"metadata":null})"}) {
    EXPECT_FALSE(PolicyDocumentOf(JsonDocument::Parse(text).value().root()).ok()) << text;
  }
}

}  // namespace
}  // namespace tidewaiter
