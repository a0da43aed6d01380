// SPDX-License-Identifier: Apache-2.0
//
// Documents and problems of whole texts. A document is told as the JSON it becomes, a problem as `LINE:COLUMN:
// MESSAGE`.
#include "webhook/manifest/manifest_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_json.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string Told(const ManifestProblem& problem) {
  return StrCat(problem.place.line, ":", problem.place.column, ": ", problem.message);
}

std::vector<std::string> ReadAll(std::string_view text, bool is_json = false) {
  ManifestReader reader(text, is_json);
  std::vector<std::string> all;
  while (true) {
    switch (reader.Next()) {
      case ManifestReader::Step::kEnd:
        return all;
      case ManifestReader::Step::kProblem:
        all.push_back(Told(reader.problem()));
        break;
      case ManifestReader::Step::kDocument: {
        std::string json;
        const auto problem = WriteManifestJson(reader.document(), reader.document().root(), json);
        all.push_back(problem.has_value() ? Told(*problem) : json);
      }
    }
  }
}

TEST(ManifestReaderTest, Documents) {
  struct Case {
    std::string_view text;
    std::vector<std::string> documents;
  };
  const Case cases[] = {
      {"a: 1\n", {R"({"a":1})"}},
      {"a: 1\n---\nb: 2\n", {R"({"a":1})", R"({"b":2})"}},
      {"---\na: 1\n...\n---\n# nothing\n---\nb: 2\n...\n", {R"({"a":1})", R"({"b":2})"}},
      {"--- {a: 1}\n--- {b: 2}", {R"({"a":1})", R"({"b":2})"}},
      {"# only\n# comments\n", {}},
      {"", {}},
      {"\n\n---\n---\n", {}},
      {"\xEF\xBB\xBF"
       "a: 1\r\nb:\r\n  - x\r\n",
       {R"({"a":1,"b":["x"]})"}},
      {"%YAML 1.1\n---\na: 1\n", {R"({"a":1})"}},
      {"a: &x {b: 1}\nc: *x\n", {R"({"a":{"b":1},"c":{"b":1}})"}},
      {"a: &x 1\nb: {*x : z}\n", {R"({"a":1,"b":{"1":"z"}})"}},
      {"a: {first: 1, <<: {first: 2, last: 2}, last: 3}\n", {R"({"a":{"first":2,"last":3}})"}},
      {"a: {<<: [{k: 1}, {k: 2, l: 2}]}\n", {R"({"a":{"k":1,"l":2}})"}},
      {"\"<<\": {a: 1}\n", {R"({"<<":{"a":1}})"}},
      {"a: |\n  x\n  y\nb: >-\n  x\n  y\n", {R"({"a":"x\ny\n","b":"x y"})"}},
      {"{\"a\": [1, 2.50, \"\\u00e9\\ud83d\\ude00\\/\", null, true]}", {"{\"a\":[1,2.50,\"é😀/\",null,true]}"}},
      {"{\"a\":1}\n{\"b\":2}", {R"({"a":1})", R"({"b":2})"}},
      {"{\"a\":1}\n---\n{\"b\":2}\n", {R"({"a":1})", R"({"b":2})"}},
      {"{\"a\":1}\n---\nb: yes\n", {R"({"a":1})", R"({"b":true})"}},
      {"{a: yes}\n", {R"({"a":true})"}},
      {"{\"a\": yes}\n", {R"({"a":true})"}},  // no JSON, so YAML
  };
  for (const Case& test : cases) EXPECT_EQ(ReadAll(test.text), test.documents) << test.text;
}

TEST(ManifestReaderTest, Problems) {
  struct Case {
    std::string_view text;
    std::string_view begins;
  };
  const Case cases[] = {
      {"a: 1\nb: 2\na: 3\n", "3:1: the key \"a\" is given twice: at line 1 as well"},
      {"yes: 1\ntrue: 2\n", "2:1: the key \"true\" is given twice"},
      {"a: 1\n  b: 2\n", "2:4: not YAML: mapping values are not allowed in this context: is the indentation right"},
      {"a:\n\t- b\n",
       "2:1: not YAML: found character that cannot start any token while scanning for the next token that "
       "begins at line 2: a tab stands here, and YAML indents by spaces only"},
      {"\t{a}\n",
       "1:1: not YAML: found character that cannot start any token"},  // no JSON, and so YAML from its beginning
      {"a: @b\n", "1:4: not YAML: found character that cannot start any token"},
      {"a: [1, 2\n",
       "2:1: not YAML: did not find expected ',' or ']' while parsing a flow sequence that begins at line 1"},
      {"a: 'x\n", "2:1: not YAML: found unexpected end of stream while scanning a quoted scalar that begins at line 1"},
      {"a: *nowhere\n", "1:4: the alias *nowhere stands for nothing"},
      {"? [a]\n: b\n", "1:3: a key must be a plain word"},
      {"~: b\n", "1:1: a key must not be null"},
      {"a: .inf\n", "1:4: \".inf\" is a number that JSON does not have"},
      {"a: !!int x\n", "1:4: is tagged !!int, and \"x\" is none"},
      {"a: &x [*x]\n", "1:8: the alias stands within what it stands for"},
      {"a: &x {<<: *x}\n", "1:12: the alias stands within what it stands for"},
      {"a: &x 1\nb: {<<: *x}\n", "2:9: << takes a mapping or a list of mappings"},
      {"a: \x01\n", "1:4: not text: a control character stands here"},
      {"a: b\nc: \xFF\n", "2:4: not text: invalid leading UTF-8 octet"},
      {"\x7f"
       "ELF\x02\x01",
       "1:1: not text: a control character stands here"},
  };
  for (const Case& test : cases) {
    const std::vector<std::string> all = ReadAll(test.text);
    ASSERT_THAT(all, SizeIs(1)) << test.text;
    EXPECT_THAT(all[0], StartsWith(std::string(test.begins))) << test.text;
  }
}

TEST(ManifestReaderTest, ProblemsOfJson) {
  struct Case {
    std::string_view text;
    std::string_view begins;
  };
  const Case cases[] = {
      {"{\"a\": 1,\n \"b\": ", "2:7: not JSON: it ends in the middle of a value"},
      {"{\"a\": 1\n \"b\": 2}", "2:2: not JSON: expected , or }"},
      {"{\"a\": [\"y\" \"x\"]}", "1:12: not JSON: expected , or ]"},
      {"{\"a\" 1}", "1:6: not JSON: expected : behind a key"},
      {"{\"a\": \"\\x\"}", "1:9: not JSON: no escape of JSON"},
      {"{\"a\": \"\x01\"}", "1:8: not JSON: a control character in a string"},
      {"{\"a\": -, \"a\": [}", "1:8: not JSON: no number"},
      {"{\"a\": \"\xFF\"}", "1:8: not JSON: not valid UTF-8"},
      {"{\"a\": 1, \"a\": 2}", "1:10: the key \"a\" is given twice"},
  };
  for (const Case& test : cases) {
    const std::vector<std::string> all = ReadAll(test.text, true);
    ASSERT_THAT(all, SizeIs(1)) << test.text;
    EXPECT_THAT(all[0], StartsWith(std::string(test.begins))) << test.text;
  }
}

TEST(ManifestReaderTest, OneBadDocumentHidesNoOther) {
  EXPECT_THAT(ReadAll("a: 1\n---\nb: [\n---\nc: 3\n"), ElementsAre(R"({"a":1})", HasSubstr("not YAML"), R"({"c":3})"));
  EXPECT_THAT(ReadAll("a: 1\na: 2\n---\nc: 3\n"), ElementsAre(StartsWith("2:1: the key"), R"({"c":3})"));
  EXPECT_THAT(ReadAll("a: '\n---\nc: 3\n"), ElementsAre(StartsWith("2:1: not YAML"), R"({"c":3})"));
  EXPECT_THAT(ReadAll("{\"a\": \n---\nc: 3\n", true), ElementsAre(HasSubstr("not JSON"), R"({"c":3})"));
  EXPECT_THAT(
      ReadAll("{{ if x }}\na: 1\n{{ end }}\n---\nc: [\n---\nd: 4\n"),
      ElementsAre(StartsWith("1:2: a key must be"), HasSubstr("not YAML"), HasSubstr("not YAML"), R"({"d":4})"));
  // The line of what comes behind is that of the file.
  EXPECT_THAT(ReadAll("a: [\n---\nb: 1\nb: 2\n"), ElementsAre(HasSubstr("not YAML"), StartsWith("4:1: the key")));
}

TEST(ManifestReaderTest, ProblemsWithoutEndStop) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "a: [\n---\n";
  EXPECT_THAT(ReadAll(text), SizeIs(100));
}

TEST(ManifestReaderTest, BombsAreRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    text += StrCat("a", i, ": &a", i, " [");
    for (int k = 0; k < 10; ++k) text += StrCat(k == 0 ? "" : ", ", "*a", i - 1);
    text += "]\n";
  }
  EXPECT_THAT(ReadAll(text), ElementsAre(HasSubstr("aliases stand for too much")));
  // By merge keys, and by one long text.
  text = "m0: &m0 {a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7}\n";
  for (int i = 1; i < 20; ++i) {
    text += StrCat("m", i, ": &m", i, " {<<: *m", i - 1);
    for (int k = 0; k < 9; ++k) text += StrCat(", k", i, k, ": {<<: *m", i - 1, "}");
    text += "}\n";
  }
  EXPECT_THAT(ReadAll(text), ElementsAre(HasSubstr("aliases stand for too much")));
  text = StrCat("a: &a ", std::string(1 << 20, 'x'), "\nb: [");
  for (int i = 0; i < 50; ++i) text += "*a, ";
  EXPECT_THAT(ReadAll(text + "]\n"), ElementsAre(HasSubstr("larger than")));
}

TEST(ManifestReaderTest, DepthIsBounded) {
  const std::string brackets(100'000, '[');
  EXPECT_THAT(ReadAll("a: " + brackets), ElementsAre(HasSubstr("nested deeper than")));
  EXPECT_THAT(ReadAll("{\"a\": " + brackets, true), SizeIs(1));
  std::string dashes;
  for (int i = 0; i < 5000; ++i) dashes += "- ";
  EXPECT_THAT(ReadAll(dashes + "x\n"), ElementsAre(HasSubstr("nested deeper than")));
  // By a chain of aliases.
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 20'000; ++i) text += StrCat("a", i, ": &a", i, " [*a", i - 1, "]\n");
  EXPECT_THAT(ReadAll(text), ElementsAre(testing::AnyOf(HasSubstr("nested deeper"), HasSubstr("stand for too much"))));
}

TEST(ManifestReaderTest, ManyKeysTakeNoQuadraticTime) {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += StrCat("k", i, ": 1\n");
  EXPECT_THAT(ReadAll(text), SizeIs(1));  // were it quadratic, it would not end in time
  EXPECT_THAT(ReadAll(text + "k7: 2\n"), ElementsAre(StartsWith("60001:1: the key \"k7\" is given twice: at line 8 ")));
}

TEST(ManifestReaderTest, NodesKnowHowTheyWereWritten) {
  ManifestReader reader("a: 'x'\nb: [1]\nc: |\n  t\n");
  ASSERT_EQ(reader.Next(), ManifestReader::Step::kDocument);
  const ManifestDocument& document = reader.document();
  const auto node_of = [&](std::string_view key) { return document.node(document.FindValue(document.root(), key)); };
  EXPECT_EQ(node_of("a").style, NodeStyle::kSingleQuoted);
  EXPECT_EQ(node_of("a").begin, (SourceMark{1, 4}));
  EXPECT_EQ(node_of("a").end, (SourceMark{1, 7}));
  EXPECT_EQ(node_of("b").style, NodeStyle::kFlow);
  EXPECT_EQ(node_of("b").end, (SourceMark{2, 7}));
  EXPECT_EQ(node_of("c").style, NodeStyle::kLiteral);
  EXPECT_EQ(document.FindValue(document.root(), "d"), kNoNode);
  EXPECT_EQ(reader.Next(), ManifestReader::Step::kEnd);
  EXPECT_EQ(reader.Next(), ManifestReader::Step::kEnd);
}

}  // namespace
}  // namespace tidewaiter
