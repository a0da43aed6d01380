// SPDX-License-Identifier: Apache-2.0
//
// Differences of objects, and the way back.
#include "webhook/manifest/json_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> Describe(const std::vector<JsonChange>& changes) {
  constexpr std::string_view kNames[] = {"add", "append", "replace", "remove"};
  std::vector<std::string> lines;
  for (const JsonChange& change : changes) {
    lines.push_back(StrCat(kNames[static_cast<int>(change.kind)], " ", change.pointer, " ", change.value.dump()));
  }
  return lines;
}

TEST(JsonChangesTest, EachKind) {
  struct Case {
    std::string_view from;
    std::string_view to;
    std::vector<std::string> changes;
  };
  const Case cases[] = {
      {R"({"a":1})", R"({"a":1})", {}},
      {R"({"a":1})", R"({"a":2,"b/c":{"d":[]}})", {"replace /a 2", R"(add /b~1c {"d":[]})"}},
      {R"({"a":{}})", R"({"a":{"b":1}})", {R"(replace /a {"b":1})"}},
      {R"({"a":null})", R"({"a":{"b":1}})", {R"(replace /a {"b":1})"}},
      {R"({"a":[]})", R"({"a":["x","y"]})", {R"(replace /a ["x","y"])"}},
      {R"({"a":["x"]})", R"({"a":["x","y","z"]})", {R"(append /a "y")", R"(append /a "z")"}},
      {R"({"a":[{"name":"x"}]})", R"({"a":[{"name":"x","b":1}]})", {"add /a/0/b 1"}},
      {R"({"a":[{"name":"x"},{"name":"y"}]})", R"({"a":[{"name":"y"}]})", {"remove /a/0 null"}},
      {R"({"a":[{"name":"x"},{"name":"y"}]})",
       R"({"a":[{"name":"y"},{"name":"z"}]})",
       {"remove /a/0 null", R"(append /a {"name":"z"})"}},
      {R"({"a":{"b":1,"c":2}})", R"({"a":{"c":2}})", {"remove /a/b null"}},
      {R"({"a":{"b":1}})", R"({"a":[1]})", {"replace /a [1]"}},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(StrCat(one.from, " to ", one.to));
    Json object = Json::parse(one.from);
    const std::vector<JsonChange> changes = FindChanges(object, Json::parse(one.to));
    EXPECT_THAT(Describe(changes), ::testing::ElementsAreArray(one.changes));
    std::vector<const JsonChange*> all;
    for (const JsonChange& change : changes) all.push_back(&change);
    MakeChanges(all, object);
    EXPECT_EQ(nlohmann::json(object), nlohmann::json::parse(one.to));
  }
}

}  // namespace
}  // namespace tidewaiter
