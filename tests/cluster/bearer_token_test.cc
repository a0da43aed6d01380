// SPDX-License-Identifier: Apache-2.0
//
// When the file is read again, and what of it is taken.
#include "webhook/cluster/bearer_token.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/testing/temporary_folder.h"

namespace tidewaiter {
namespace {

class BearerTokenTest : public ::testing::Test {
 protected:
  BearerToken Make(const std::string& text, const std::string& file) {
    return BearerToken(text, file, [this] { return now_; });
  }
  TemporaryFolder folder_;
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
};

TEST_F(BearerTokenTest, WithoutAFileTheTextHolds) {
  BearerToken token = Make("abc", "");
  EXPECT_EQ(token.Get(), "abc");
  EXPECT_FALSE(token.Renew("abc"));
  EXPECT_EQ(Make("", "").Get(), "");
}

TEST_F(BearerTokenTest, AFileIsReadAgainAfterAMinute) {
  folder_.Write("token", "one\n");
  BearerToken token = Make("", folder_.Path("token"));
  EXPECT_EQ(token.Get(), "one");
  folder_.Write("token", "two\n");
  now_ += std::chrono::seconds(59);
  EXPECT_EQ(token.Get(), "one");
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(token.Get(), "two");
}

TEST_F(BearerTokenTest, ARefusedTokenIsReadAgainAtOnce) {
  folder_.Write("token", "one");
  BearerToken token = Make("", folder_.Path("token"));
  EXPECT_FALSE(token.Renew("one"));
  folder_.Write("token", "two");
  EXPECT_TRUE(token.Renew("one"));
  EXPECT_EQ(token.Get(), "two");
  EXPECT_TRUE(token.Renew("one")) << "another thread has renewed it";
}

TEST_F(BearerTokenTest, WhatIsNoTokenLeavesTheOneBefore) {
  folder_.Write("token", "good");
  BearerToken token = Make("", folder_.Path("token"));
  for (const char* text : {"", " \n", "a b", "a\r\nHost: b", "\x80"}) {
    folder_.Write("token", text);
    EXPECT_FALSE(token.Renew("good")) << text;
    EXPECT_EQ(token.Get(), "good") << text;
  }
  std::filesystem::remove(folder_.Path("token"));
  EXPECT_FALSE(token.Renew("good"));
}

}  // namespace
}  // namespace tidewaiter
