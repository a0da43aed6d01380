// SPDX-License-Identifier: Apache-2.0
//
// YAML as documents with places: types, bounds, refusals.
#include "webhook/policy/yaml_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/controls/base/settings_schema.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

TEST(YamlDocumentTest, TypesOfThePlainScalars) {
  const std::pair<const char*, const char*> rows[] = {
      {"true", "boolean"}, {"False", "boolean"}, {"yes", "string"},   {"on", "string"},     {"12", "integer"},
      {"-12", "integer"},  {"+1", "integer"},    {"0x1F", "string"},  {"1.5", "number"},    {"1e3", "number"},
      {"100m", "string"},  {"1Gi", "string"},    {"\"1\"", "string"}, {"'true'", "string"}, {"~", "null"},
      {"null", "null"},    {"e3", "string"},     {"1.2.3", "string"}, {"-", "list"},        {"2027-01-01", "string"}};
  for (const auto& [text, kind] : rows) {
    const auto documents = ParseYaml(StrCat("k: ", std::string(text) == "-" ? "[]" : std::string(text), "\n"), "f");
    ASSERT_TRUE(documents.ok()) << documents.status();
    EXPECT_EQ(DocumentKindName(documents->at(0).Find("k")->kind), kind) << text;
  }
}

TEST(YamlDocumentTest, PlacesAndPaths) {
  const auto documents = ParseYaml("# c\na:\n  - b: 1\n    c: {d: [x, y]}\n---\n---\nz: 1\n", "dir/f.yaml");
  ASSERT_TRUE(documents.ok()) << documents.status();
  ASSERT_EQ(documents->size(), 2u);
  const DocumentNode& y = documents->at(0).Find("a")->items.at(0).Find("c")->Find("d")->items.at(1);
  EXPECT_EQ(MessageOf(y.Error("no")), "dir/f.yaml:4:16: a[0].c.d[1]: no");
  EXPECT_EQ(MessageOf(documents->at(1).Find("z")->Error("no")), "dir/f.yaml:7:4: z: no");
}

TEST(YamlDocumentTest, Refusals) {
  const std::string deep = "a: " + std::string(70, '[') + std::string(70, ']') + "\n";
  std::string many = "a: [";
  for (std::size_t i = 0; i <= kMaxDocumentNodes; ++i) many += "1,";
  many += "]";
  const std::pair<std::string, std::string> rows[] = {
      {"a: 1\na: 2\n", "f:2:1: a: given twice"},
      {"a: &x 1\nb: *x\n", "aliases (*name) are not allowed"},
      {"a: {<<: {b: 1}}\n", "f:1:5: a.<<: a key must be a plain word"},
      {"? [a]\n: 1\n", "a key must be a plain word"},
      {"a: [1\n", "f:2:1: "},
      {"a:\n\tb: 1\n", "f:2:"},
      {"a: {b: 1\n", "f:2:1: "},
      {deep, "nested deeper than 64 levels"},
      {many, "more than 200000 values in one file"},
      {std::string(kMaxDocumentBytes + 1, '#'), "larger than 4194304 bytes"},
      {"a: [&a [x, x], *a]\n", "aliases"},
  };
  for (const auto& [text, message] : rows) {
    const auto documents = ParseYaml(text, "f");
    ASSERT_FALSE(documents.ok()) << text.substr(0, 40);
    EXPECT_NE(MessageOf(documents.status()).find(message), std::string_view::npos) << documents.status();
  }
}

// A line of a message is one line, whatever the keys are.
TEST(YamlDocumentTest, OddKeysAreShownSafely) {
  const auto documents = ParseYaml("\"a\\n\\e[31m\": {\"b c\": 1, app.kubernetes.io/name: 2}\n", "f");
  ASSERT_TRUE(documents.ok()) << documents.status();
  const DocumentNode& inner = documents->at(0).entries.at(0).value;
  EXPECT_EQ(MessageOf(inner.entries.at(0).value.Error("no")), "f:1:22: \"a\\n\\x1b[31m\".\"b c\": no");
  EXPECT_EQ(MessageOf(inner.entries.at(1).key.Error("no\n\x1b[0m")).substr(0, 10), "f:1:25: \"a");
  EXPECT_THAT(std::string(MessageOf(inner.entries.at(1).key.Error("no\n\x1b[0m"))), testing::EndsWith(": no??[0m"));
  EXPECT_EQ(MessageOf(inner.entries.at(1).key.Error("no")), "f:1:25: \"a\\n\\x1b[31m\".app.kubernetes.io/name: no");
}

// Found by fuzzing: the message of yaml-cpp holds the character itself.
TEST(YamlDocumentTest, OddEscapesAreShownSafely) {
  EXPECT_EQ(MessageOf(ParseYaml("a: \"\\\x01\"", "f").status()), "f:1:7: unknown escape character: ?");
  EXPECT_EQ(MessageOf(ParseYaml("a: \"\\\x7F\"", "f").status()), "f:1:7: unknown escape character: ?");
  EXPECT_EQ(MessageOf(ParseYaml("a: \"\\q\"", "f").status()), "f:1:7: unknown escape character: q");
}

// Found by fuzzing: yaml-cpp stands still before it, and makes documents without an end.
TEST(YamlDocumentTest, NothingBeginsWithAComma) {
  EXPECT_EQ(MessageOf(ParseYaml(",", "f").status()), "f:1:1: nothing can begin here");
  EXPECT_EQ(MessageOf(ParseYaml("a: 1\n---\n, b\n", "f").status()), "f:3:1: nothing can begin here");
  EXPECT_EQ(ParseYaml("a: 1\n---\n---\nb: 2\n---\n", "f")->size(), 2u);
}

TEST(YamlDocumentTest, TimeAndMemoryAreLinear) {
  std::string keys;
  for (int i = 0; i < 30'000; ++i) StrAppend(&keys, "k", i, ": 1\n");  // were it quadratic, it would not end in time
  const auto flat = ParseYaml(keys, "f");
  ASSERT_TRUE(flat.ok()) << flat.status();
  EXPECT_EQ(flat->at(0).entries.size(), 30'000u);
  EXPECT_FALSE(ParseYaml(keys + "k7: 1\n", "f").ok());
  EXPECT_FALSE(CheckKeys(flat->at(0), {"k1"}).ok());

  // A long key is not repeated in the path of everything below it.
  std::string deep = std::string(1'000, 'x') + ":\n";
  for (int i = 0; i < 1'000; ++i) StrAppend(&deep, " k", i, ": 1\n");
  for (int i = 1; i < 60; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + std::string(100, 'y') + ":\n";
  const auto nested = ParseYaml(deep, "f");
  ASSERT_TRUE(nested.ok()) << nested.status();
  const DocumentNode* node = &nested->at(0);
  while (!node->entries.empty()) node = &node->entries.back().value;
  EXPECT_LT(node->path.size(), 300u);
}

TEST(YamlDocumentTest, NothingInIt) {
  for (const char* text : {"", "# only a comment\n", "---\n---\n", "null\n"}) {
    const auto documents = ParseYaml(text, "f");
    ASSERT_TRUE(documents.ok()) << documents.status();
    EXPECT_TRUE(documents->empty()) << text;
  }
}

}  // namespace
}  // namespace tidewaiter
