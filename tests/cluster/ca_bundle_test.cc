// SPDX-License-Identifier: Apache-2.0
//
// Bundles in webhook configurations, and since when a CA is in all of them.
#include "webhook/cluster/ca_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/pki/certificate.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using Time = TrustHistory::Time;

std::string NewCa() { return MakeAuthority(Validity::From(1'800'000'000, 60))->certificate; }
Time At(int seconds) { return Time(std::chrono::seconds(seconds)); }

TEST(CaBundleTest, EveryWebhookIsWritten) {
  Json configuration = Json::parse(R"({"webhooks": [
    {"name": "a", "clientConfig": {"url": "u"}, "unknown": {"kept": 1}},
    {"name": "b", "clientConfig": {"service": {"name": "s"}, "caBundle": "eA=="}}]})");
  EXPECT_THAT(CaBundlesOf(configuration), ElementsAre("", "x"));
  EXPECT_FALSE(HoldsBundle(configuration, "x"));
  SetCaBundle(configuration, "new");
  EXPECT_THAT(CaBundlesOf(configuration), ElementsAre("new", "new"));
  EXPECT_TRUE(HoldsBundle(configuration, "new"));
  EXPECT_EQ(configuration["webhooks"][0]["unknown"]["kept"], 1);
  EXPECT_EQ(configuration["webhooks"][1]["clientConfig"]["service"]["name"], "s");
}

TEST(CaBundleTest, WhatIsNoConfiguration) {
  for (const char* text : {"null", "{}", R"({"webhooks": null})", R"({"webhooks": {"a": 1}})", R"({"webhooks": []})"}) {
    Json configuration = Json::parse(text);
    const Json before = configuration;
    SetCaBundle(configuration, "x");
    EXPECT_EQ(configuration, before);
    EXPECT_TRUE(CaBundlesOf(configuration).empty());
  }
  Json configuration = Json::parse(R"({"webhooks": [1, {"clientConfig": {"caBundle": "!"}}]})");
  EXPECT_THAT(CaBundlesOf(configuration), ElementsAre("", ""));
}

TEST(TrustHistoryTest, SinceItIsInAllOfThem) {
  const std::string one = NewCa(), two = NewCa();
  TrustHistory history;
  EXPECT_FALSE(history.TrustedSince(one).has_value());
  history.Note({one, one + two}, At(1));
  EXPECT_EQ(history.TrustedSince(one), At(1));
  EXPECT_FALSE(history.TrustedSince(two).has_value());
  EXPECT_THAT(history.our_authorities(), UnorderedElementsAre(one, two));
  history.Note({two + one, one + two}, At(2));
  EXPECT_EQ(history.TrustedSince(one), At(1));
  EXPECT_EQ(history.TrustedSince(two), At(2));
  history.Note({two + one, "nonsense"}, At(3));
  EXPECT_FALSE(history.TrustedSince(one).has_value());
  history.Note({one}, At(4));
  EXPECT_EQ(history.TrustedSince(one), At(4)) << "the break counts";
}

TEST(TrustHistoryTest, WithoutWebhooksNobodyCalls) {
  TrustHistory history;
  history.Note({}, At(1));
  history.Note({}, At(2));
  EXPECT_EQ(history.TrustedSince("any"), At(1));
  history.Note({"nonsense"}, At(3));
  EXPECT_FALSE(history.TrustedSince("any").has_value());
}

}  // namespace
}  // namespace tidewaiter
