// SPDX-License-Identifier: Apache-2.0
#include "webhook/kube/image_reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/kube/oracle_table.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::HasSubstr;

TEST(ImageReferenceTest, ReadsWhatDistributionReads) {
  int valid = 0, invalid = 0;
  for (const std::vector<std::string>& row : ReadTable("image_references.txt")) {
    SCOPED_TRACE(::testing::PrintToString(row));
    const absl::StatusOr<ImageReference> reference = ImageReference::Parse(row[0]);
    ASSERT_EQ(reference.ok(), row[1] != "invalid" || row.size() > 2) << reference.status();
    if (!reference.ok()) {
      ++invalid;
      EXPECT_EQ(reference.status().code(), absl::StatusCode::kInvalidArgument);
      continue;
    }
    ++valid;
    ASSERT_EQ(row.size(), 5u);
    EXPECT_EQ(reference->domain, row[1]);
    EXPECT_EQ(reference->path(), row[2]);
    EXPECT_EQ(reference->tag.value_or(""), row[3]);
    EXPECT_EQ(reference->tag.has_value(), !row[3].empty());
    EXPECT_EQ(reference->digest.value_or(""), row[4]);
    EXPECT_EQ(reference->is_pinned(), !row[4].empty());
    EXPECT_EQ(reference->name(), row[1].empty() ? row[2] : row[1] + "/" + row[2]);

    const std::string whole = reference->ToString();
    EXPECT_EQ(whole, reference->name() + (row[3].empty() ? "" : ":" + row[3]) + (row[4].empty() ? "" : "@" + row[4]));
    const absl::StatusOr<ImageReference> again = ImageReference::Parse(whole);
    ASSERT_TRUE(again.ok()) << whole;
    EXPECT_EQ(*again, *reference);
  }
  EXPECT_GT(valid, 1500);
  EXPECT_GT(invalid, 1000);
}

TEST(ImageReferenceTest, SaysWhatIsWrong) {
  const std::string hex(64, 'a');
  const struct {
    std::string text;
    std::string message;
  } kCases[] = {
      {"", "must not be empty"},
      {"team/App:1", "the repository \"team/App\" must be lower case"},
      {"nginx latest", "the repository \"nginx latest\" must consist of"},
      {"https://r.example/app", "must not begin with a scheme"},
      {"r.example/", "the repository name is missing"},
      {"r.example:port/app", "\"r.example:port\" is not a registry host"},
      {"my_host:5000/app", "\"my_host:5000\" is not a registry host"},
      {"nginx:", "the tag \"\" must be 1 to 128"},
      {"nginx:a:b", "the tag \"a:b\""},
      {"nginx:" + std::string(129, 't'), "must be 1 to 128"},
      {"nginx@" + hex, "must name its algorithm"},
      {"nginx@sha256:abc", "a sha256 digest has 64 hexadecimal digits, this one has 3"},
      {"nginx@sha512:" + hex, "a sha512 digest has 128 hexadecimal digits, this one has 64"},
      {"nginx@sha256:" + std::string(64, 'A'), "lower-case letters a to f"},
      {"nginx@md5:" + hex, "digest algorithm \"md5\" is not one of"},
      {hex, "image id"},
      {std::string(248, 'a'), "longer than 255"},
  };
  for (const auto& test : kCases) {
    const absl::StatusOr<ImageReference> reference = ImageReference::Parse(test.text);
    ASSERT_FALSE(reference.ok()) << test.text;
    EXPECT_THAT(std::string(MessageOf(reference.status())), HasSubstr(test.message));
  }
}

TEST(ImageReferenceTest, RefusesAMegabyteBriefly) {
  for (const char* part : {"a", "a/", "a.", "-", ":", "@", "[", "a:1/", "A"}) {
    std::string text;
    while (text.size() < 1u << 20) text += part;
    const absl::StatusOr<ImageReference> reference = ImageReference::Parse(text);
    ASSERT_FALSE(reference.ok()) << part;
    EXPECT_LT(reference.status().message().size(), 1000u);
  }
}

TEST(QuotedTest, IsPrintableAndShort) {
  EXPECT_EQ(Quoted("nginx"), "\"nginx\"");
  EXPECT_EQ(Quoted("a\n\"\xFF"), "\"a\\n\\\"\\xff\"");
  EXPECT_EQ(Quoted(std::string(120, 'a')), "\"" + std::string(120, 'a') + "\"");
  EXPECT_EQ(Quoted(std::string(121, 'a')), "\"" + std::string(120, 'a') + "...\"");
}

}  // namespace
}  // namespace tidewaiter
