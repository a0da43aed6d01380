// SPDX-License-Identifier: Apache-2.0
//
// Texts before and after, byte by byte, in every style that people write. What holds for all texts is in
// manifest_editor_random_test.cc.
#include "webhook/manifest/manifest_editor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/edited_manifest.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::ordered_json;

struct Case {
  std::string_view name;
  std::string_view before;
  std::string_view patch;  // RFC 6902
  std::string_view after;
};

void ExpectEdited(const Case& one) {
  SCOPED_TRACE(one.name);
  const Json target = ReadFirstObject(one.before).patch(Json::parse(one.patch));
  const EditedManifest edited = EditManifest(one.before, target);
  EXPECT_THAT(edited.refusals, ::testing::IsEmpty());
  EXPECT_EQ(edited.text, one.after);
  EXPECT_EQ(nlohmann::json(ReadFirstObject(edited.text)), nlohmann::json(target));
  EXPECT_EQ(EditManifest(edited.text, target).text, edited.text);
}

constexpr std::string_view kHardened =
    R"([{"op":"add","path":"/c/0/sc","value":{"nonRoot":true,"drop":["ALL"],"profile":{"type":"RuntimeDefault"}}},
        {"op":"add","path":"/v","value":[{"name":"tmp","emptyDir":{}}]}])";

TEST(ManifestEditorTest, BlockStyle) {
  const Case cases[] = {
      {"lists that are not indented", "c:\n- name: web\n  image: web:1\nx: 1\n", kHardened,
       "c:\n- name: web\n  image: web:1\n  sc:\n    nonRoot: true\n    drop:\n    - ALL\n    profile:\n"
       "      type: RuntimeDefault\nx: 1\nv:\n- name: tmp\n  emptyDir: {}\n"},
      {"lists that are indented", "c:\n  - name: web\n    image: web:1\nx: 1\n", kHardened,
       "c:\n  - name: web\n    image: web:1\n    sc:\n      nonRoot: true\n      drop:\n        - ALL\n      profile:\n"
       "        type: RuntimeDefault\nx: 1\nv:\n  - name: tmp\n    emptyDir: {}\n"},
      {"four blanks", "m:\n    a: 1\nc:\n    -   name: web\n        image: web:1\n", kHardened,
       "m:\n    a: 1\nc:\n    -   name: web\n        image: web:1\n        sc:\n            nonRoot: true\n"
       "            drop:\n                -   ALL\n            profile:\n                type: RuntimeDefault\n"
       "v:\n    -   name: tmp\n        emptyDir: {}\n"},
      {"what is put in at one place stands in its own mapping", "c:\n- name: web\n  m:\n  - a: 1\n",
       R"([{"op":"add","path":"/c/0/m/-","value":{"a":2}},{"op":"add","path":"/c/0/o","value":3},
           {"op":"add","path":"/x","value":4}])",
       "c:\n- name: web\n  m:\n  - a: 1\n  - a: 2\n  o: 3\nx: 4\n"},
      {"comments stay where they are",
       "c:  # all of them\n  # the first\n  - name: web  # its name\n    # its image\n    image: web:1 # pinned\n"
       "      # deeper: belongs to what is above\n    # sc: {}\n  # no more\n\n\n# the end\nx: 1\n",
       R"([{"op":"add","path":"/c/0/sc","value":1},{"op":"add","path":"/c/-","value":{"name":"b"}}])",
       "c:  # all of them\n  # the first\n  - name: web  # its name\n    # its image\n    image: web:1 # pinned\n"
       "      # deeper: belongs to what is above\n    sc: 1\n    # sc: {}\n  - name: b\n  # no more\n\n\n# the end\nx: "
       "1\n"},
      {"no line break at the end", "a:\n  b: 1", R"([{"op":"add","path":"/a/c","value":[1]},
          {"op":"add","path":"/d","value":2}])",
       "a:\n  b: 1\n  c:\n  - 1\nd: 2"},
      {"CRLF", "a:\r\n  b: 1\r\nx: 1\r\n", R"([{"op":"add","path":"/a/c","value":{"d":1}}])",
       "a:\r\n  b: 1\r\n  c:\r\n    d: 1\r\nx: 1\r\n"},
      {"CRLF, and none at the end", "a:\r\n  b: 1", R"([{"op":"add","path":"/a/c","value":1}])",
       "a:\r\n  b: 1\r\n  c: 1"},
      {"nothing, null and empty are filled", "a:\nb: null # none\nc: {}   # yet\nd: []\ne: ~\nf:   # what?\n",
       R"([{"op":"add","path":"/a","value":{"x":1}},{"op":"add","path":"/b","value":{"x":1}},
           {"op":"add","path":"/c/x","value":1},{"op":"add","path":"/d/-","value":"x"},
           {"op":"add","path":"/e","value":true},{"op":"add","path":"/f","value":{"x":{"z":1}}}])",
       "a:\n  x: 1\nb: # none\n  x: 1\nc:   # yet\n  x: 1\nd:\n- x\ne: true\nf:   # what?\n  x:\n    z: 1\n"},
      {"texts of several lines at the end",
       "a:\n  b: |\n    one\n    two\n\n\nx:\n  y: >-\n    folded\n    text\nz: 'q\n  r'\n",
       R"([{"op":"add","path":"/a/c","value":1},{"op":"add","path":"/x/c","value":1},{"op":"add","path":"/o","value":1}])",
       "a:\n  b: |\n    one\n    two\n  c: 1\n\n\nx:\n  y: >-\n    folded\n    text\n  c: 1\nz: 'q\n  r'\no: 1\n"},
      {"a text that keeps its line breaks", "a:\n  b: |+\n    one\n\n\nx: 1\n",
       R"([{"op":"add","path":"/a/c","value":1}])", "a:\n  b: |+\n    one\n\n\n  c: 1\nx: 1\n"},
      {"an empty mapping on a line of its own", "a:\n  {}\nb: {\n  }\n",
       R"([{"op":"add","path":"/a/b","value":1},{"op":"add","path":"/b/b","value":1}])", "a:\n  {b: 1}\nb: {b: 1}\n"},
      {"dashes on a line of their own", "a:\n  -\n    b: 1\n  -\n    b: 2\n",
       R"([{"op":"add","path":"/a/0/c","value":1},{"op":"add","path":"/a/-","value":{"b":3}}])",
       "a:\n  -\n    b: 1\n    c: 1\n  -\n    b: 2\n  - b: 3\n"},
      {"lists of lists", "a:\n- - 1\n  - 2\n- - 3\n",
       R"([{"op":"add","path":"/a/0/-","value":9},{"op":"add","path":"/a/-","value":[4]}])",
       "a:\n- - 1\n  - 2\n  - 9\n- - 3\n- - 4\n"},
      {"values are replaced where they stand", "a: yes   # on\nb: \"x\"\nc: 'x'\nd: !!str 1\n",
       R"([{"op":"replace","path":"/a","value":false},{"op":"replace","path":"/b","value":"y"},
           {"op":"replace","path":"/c","value":"z"},{"op":"replace","path":"/d","value":"RuntimeDefault"}])",
       "a: false   # on\nb: \"y\"\nc: z\nd: RuntimeDefault\n"},
      {"elements are taken out", "a:\n- name: x\n  b: 1\n# of y\n- name: y\n  b: 1\n- name: z\n",
       R"([{"op":"remove","path":"/a/1"},{"op":"add","path":"/a/-","value":{"name":"w"}}])",
       "a:\n- name: x\n  b: 1\n# of y\n- name: z\n- name: w\n"},
      {"the last element is taken out", "a:\n  - name: x\n  - name: y\n    b: 1\nc: 1\n",
       R"([{"op":"remove","path":"/a/1"},{"op":"add","path":"/a/-","value":{"name":"w"}}])",
       "a:\n  - name: x\n  - name: w\nc: 1\n"},
      {"what could be taken for something else is quoted", "a: 1\n",
       R"([{"op":"add","path":"/on","value":["yes","1","0o7","1e3","~","null","","a: b","#","-x","12:30","100m","64Mi",
           "/tmp","RuntimeDefault","a b","é","0x1f"]}])",
       "a: 1\n\"on\":\n- \"yes\"\n- \"1\"\n- \"0o7\"\n- \"1e3\"\n- \"~\"\n- \"null\"\n- \"\"\n- \"a: b\"\n- \"#\"\n- "
       "\"-x\"\n"
       "- \"12:30\"\n- 100m\n- 64Mi\n- /tmp\n- RuntimeDefault\n- \"a b\"\n- \"é\"\n- \"0x1f\"\n"},
      {"characters of several bytes", "é: {ö: ü} # ä\nlist: [\"ß\"]\n",
       R"([{"op":"add","path":"/é/x","value":1},{"op":"add","path":"/list/-","value":"z"}])",
       "é: {ö: ü, x: 1} # ä\nlist: [\"ß\", z]\n"},
      {"behind a document's beginning and before its end", "%YAML 1.1\n---\na:\n  b: 1\n...\n---\nz: 1\n",
       R"([{"op":"add","path":"/a/c","value":1}])", "%YAML 1.1\n---\na:\n  b: 1\n  c: 1\n...\n---\nz: 1\n"},
      {"beside a merge key", "base: &base\n  x: 1\na:\n  <<: *base\n  b: 1\n",
       R"([{"op":"add","path":"/a/c","value":1}])", "base: &base\n  x: 1\na:\n  <<: *base\n  b: 1\n  c: 1\n"},
      {"an anchor that nobody uses", "a: &a\n  b: &b {}\n", R"([{"op":"add","path":"/a/b/c","value":1}])",
       "a: &a\n  b:\n    c: 1\n"},
  };
  for (const Case& one : cases) ExpectEdited(one);
}

TEST(ManifestEditorTest, FlowStyle) {
  const Case cases[] = {
      {"within its brackets", "c: [{name: web, ports: [1, 2]}]\n",
       R"([{"op":"add","path":"/c/0/sc","value":{"drop":["ALL"],"a b":"c d"}},{"op":"add","path":"/c/0/ports/-","value":3}])",
       "c: [{name: web, ports: [1, 2, 3], sc: {drop: [ALL], \"a b\": \"c d\"}}]\n"},
      {"empty ones in one", "{a: {}, b: [], c: , d: null}\n",
       R"([{"op":"add","path":"/a/x","value":1},{"op":"add","path":"/b/-","value":1},{"op":"add","path":"/d","value":[1]}])",
       "{a: {x: 1}, b: [1], c: , d: [1]}\n"},
      {"a comma at the end", "a: [1, 2,]\nb: {c: 1, }\n",
       R"([{"op":"add","path":"/a/-","value":3},{"op":"add","path":"/b/d","value":2}])",
       "a: [1, 2, 3,]\nb: {c: 1, d: 2, }\n"},
      {"lines of their own", "a: {\n  b: 1,\n  c: 2\n}\nd: [\n    1,\n    2,\n]\n",
       R"([{"op":"add","path":"/a/d","value":{"e":1}},{"op":"add","path":"/a/f","value":3},{"op":"add","path":"/d/-","value":3}])",
       "a: {\n  b: 1,\n  c: 2,\n  d: {e: 1},\n  f: 3\n}\nd: [\n    1,\n    2,\n    3,\n]\n"},
      {"before a comment behind the last one", "a: {\n  b: 1, # one\n  c: 2 # two\n}\n",
       R"([{"op":"add","path":"/a/d","value":3}])", "a: {\n  d: 3,\n  b: 1, # one\n  c: 2 # two\n}\n"},
      {"elements of a block list that are flow", "m:\n  - {name: a, path: /a}\n  - {name: b, path: /b}\n",
       R"([{"op":"add","path":"/m/-","value":{"name":"tmp","path":"/tmp"}}])",
       "m:\n  - {name: a, path: /a}\n  - {name: b, path: /b}\n  - {name: tmp, path: /tmp}\n"},
      {"quoted keys", "a: {\"b\": 1}\n", R"([{"op":"add","path":"/a/c","value":{"d":"e"}}])",
       "a: {\"b\": 1, \"c\": {\"d\": \"e\"}}\n"},
  };
  for (const Case& one : cases) ExpectEdited(one);
}

TEST(ManifestEditorTest, Json) {
  const Case cases[] = {
      {"compact", R"({"c":[{"name":"web"}],"v":[]})", kHardened,
       R"({"c":[{"name":"web","sc":{"nonRoot":true,"drop":["ALL"],"profile":{"type":"RuntimeDefault"}}}],)"
       R"("v":[{"name":"tmp","emptyDir":{}}]})"},
      {"in one line", R"({"a": {"b": 1}, "c": []})", R"([{"op":"add","path":"/a/d","value":{"e":[1,2]}}])",
       R"({"a": {"b": 1, "d": {"e": [1, 2]}}, "c": []})"},
      {"spread out", "{\n    \"c\": [\n        {\n            \"name\": \"web\"\n        }\n    ],\n    \"x\": {}\n}\n",
       R"([{"op":"add","path":"/c/0/sc","value":{"a":true,"drop":["ALL"]}},{"op":"add","path":"/x/y","value":1},
           {"op":"add","path":"/c/-","value":{"name":"b"}},{"op":"add","path":"/v","value":[]}])",
       "{\n    \"c\": [\n        {\n            \"name\": \"web\",\n            \"sc\": {\n                \"a\": "
       "true,\n"
       "                \"drop\": [\n                    \"ALL\"\n                ]\n            }\n        },\n"
       "        {\n            \"name\": \"b\"\n        }\n    ],\n    \"x\": {\n        \"y\": 1\n    },\n    \"v\": "
       "[]\n}\n"},
      {"by tabs", "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}", R"([{"op":"add","path":"/a/c","value":{"d":1}}])",
       "{\n\t\"a\": {\n\t\t\"b\": 1,\n\t\t\"c\": {\n\t\t\t\"d\": 1\n\t\t}\n\t}\n}"},
  };
  for (const Case& one : cases) ExpectEdited(one);
}

TEST(ManifestEditorTest, WhatIsSharedStaysAsItIs) {
  struct Refusal {
    std::string_view before;
    std::string_view patch;
    std::string_view reason;
  };
  const Refusal cases[] = {
      {"a: &a {x: 1}\nb: *a\n", R"([{"op":"add","path":"/b/y","value":1}])",
       "/b/y: line 2 has an alias of what line 1 holds, which is in use there as well"},
      {"a: &a\n  x: 1\nb: *a\n", R"([{"op":"add","path":"/a/y","value":1}])",
       "/a/y: the alias at line 3 would bring the change there as well"},
      {"a: &a\n  x: {}\nb: {<<: *a}\n", R"([{"op":"add","path":"/b/x/y","value":1}])",
       "/b/x: a merge key (<<) brings it from line 2, which is in use there as well"},
      {"a: &a yes\nb: *a\n", R"([{"op":"replace","path":"/a","value":false}])",
       "/a: the alias at line 2 would bring the change there as well"},
      // An alias that gives way would leave what it stood for free to be changed the next time.
      {"a: &a yes\nb: *a\n", R"([{"op":"replace","path":"/b","value":false}])",
       "/b: line 2 has an alias of what line 1 holds, which is in use there as well"},
      {"a: [1, # one\n  2 # two\n  ]\n", R"([{"op":"add","path":"/a/-","value":3}])",
       "/a: a comment stands behind the last element of the list"},
      {"a: {b: 1}\n", R"([{"op":"replace","path":"/a","value":[1]}])", "/a: another kind of value stands there"},
      {"a: |\n  x\n", R"([{"op":"replace","path":"/a","value":"y"}])", "/a: a text of several lines stands there"},
      {"a: [1, 2]\n", R"([{"op":"remove","path":"/a/0"}])", "/a/1: it cannot be taken out of what is around it"},
  };
  for (const Refusal& one : cases) {
    SCOPED_TRACE(one.before);
    const EditedManifest edited = EditManifest(one.before, ReadFirstObject(one.before).patch(Json::parse(one.patch)));
    EXPECT_EQ(edited.refusals.size() == 1 ? edited.refusals[0] : "", one.reason);
  }
}

TEST(TextLinesTest, OtherBreaks) {
  for (const std::string_view text : {"a\rb", "a\r\r\n", "a\xC2\x85", "a\xE2\x80\xA8", "a\xE2\x80\xA9"}) {
    EXPECT_TRUE(TextLines(text).HasOtherBreaks());
  }
  EXPECT_FALSE(TextLines("a\r\n\xC3\x85\n").HasOtherBreaks());
}

}  // namespace
}  // namespace tidewaiter
