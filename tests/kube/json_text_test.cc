// SPDX-License-Identifier: Apache-2.0
//
// Whatever is written is read back as it was.
#include "webhook/kube/json_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tidewaiter {
namespace {

TEST(JsonTextTest, WritesStringsAsTheyAreReadBack) {
  std::string every_ascii;
  for (char c = 0; c < 0x7F; ++c) every_ascii += c;
  every_ascii += '\x7F';
  for (const std::string& text :
       {std::string(), std::string("plain"), every_ascii, std::string("\xC3\xA9\"\n\\ \xF0\x9F\x98\x80")}) {
    EXPECT_EQ(nlohmann::json::parse(JsonText(text)).get<std::string>(), text);
  }
  EXPECT_EQ(JsonText("a\"b\\c\n\t\x01z"), R"("a\"b\\c\n\t\u0001z")");
}

TEST(JsonTextTest, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(nlohmann::json::parse(JsonText("a\xFFz\n")).get<std::string>(), "a\xEF\xBF\xBDz\n");
}

TEST(JsonTextTest, Appends) {
  std::string json = "[";
  AppendJsonText("a", json);
  EXPECT_EQ(json, "[\"a\"");
}

}  // namespace
}  // namespace tidewaiter
