// SPDX-License-Identifier: Apache-2.0
//
// The Secret's form, and each step from one content to the next.
#include "webhook/cluster/certificate_secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "webhook/kube/text.h"
#include "webhook/pki/pem.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t kNow = 1'800'000'000;
const CertificateRequest kRequest{.names = {"localhost", "127.0.0.1"}, .lifetime_seconds = 900};

CertificateSecret Begun() { return *BeginCertificates(kRequest, kNow, {}); }

std::vector<std::string> Names(const CertificateSecret& content) {
  return NamesOf((*ParseCertificates(content.serving.certificate))[0].get());
}

// The next content; nullopt when there is nothing to do.
std::optional<CertificateSecret> Advance(const CertificateSecret& content, std::int64_t now, bool is_trusted = false,
                                         const CertificateRequest& request = kRequest) {
  auto next = AdvanceCertificates(content, request, now, is_trusted);
  EXPECT_TRUE(next.ok()) << next.status();
  return *std::move(next);
}

TEST(CertificateSecretTest, WhatIsWrittenIsRead) {
  const CertificateSecret prepared = *PrepareRotation(Begun(), kRequest, kNow);
  Json secret = {{"kind", "Secret"}, {"metadata", {{"labels", {{"team", "a"}}}}}, {"data", {{"old", "eA=="}}}};
  EXPECT_FALSE(IsOurSecret(secret));
  EncodeCertificateSecret(prepared, secret);
  EXPECT_TRUE(IsOurSecret(secret));
  EXPECT_EQ(secret["metadata"]["labels"]["team"], "a");
  EXPECT_FALSE(secret["data"].contains("old"));
  const auto read = DecodeCertificateSecret(secret);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->serving, prepared.serving);
  EXPECT_EQ(read->authority, prepared.authority);
  EXPECT_EQ(read->next, prepared.next);
  EXPECT_EQ(read->bundle, prepared.bundle);
}

TEST(CertificateSecretTest, GivenSecretKeepsItsOwner) {
  Json secret = {
      {"metadata",
       {{"labels", {{"app.kubernetes.io/managed-by", "Helm"}, {"tidewaiter.dev/certificate", "self-managed"}}}}}};
  EXPECT_TRUE(IsOurSecret(secret));
  EXPECT_TRUE(IsEmptySecret(secret));
  const Json labels = secret["metadata"]["labels"];
  EncodeCertificateSecret(Begun(), secret);
  EXPECT_EQ(secret["metadata"]["labels"], labels);
  EXPECT_FALSE(IsEmptySecret(secret));
  EXPECT_TRUE(DecodeCertificateSecret(secret).ok());
  secret["metadata"]["labels"]["tidewaiter.dev/certificate"] = "other";
  EXPECT_FALSE(IsOurSecret(secret));
}

TEST(CertificateSecretTest, GarbageIsNamed) {
  const CertificateSecret other = Begun();
  const auto encoded = [](const std::string& text) { return absl::Base64Escape(text); };
  const struct {
    const char* key;
    Json value;
    const char* message;
  } cases[] = {
      {"tls.crt", nullptr, "tls.crt, tls.key: no usable PEM certificate"},
      {"tls.crt", 1, "tls.crt, tls.key: no usable PEM certificate"},
      {"tls.crt", "!", "tls.crt, tls.key: no usable PEM certificate"},
      {"tls.key", encoded(other.serving.key), "tls.crt, tls.key: the private key is not that of the certificate"},
      {"ca.crt", encoded("x"), "ca.crt: no usable PEM certificate"},
      {"ca.crt", encoded(other.authority.certificate), "ca.crt: no CA of it has issued tls.crt"},
      {"ca.key", encoded(other.authority.key), "ca.key: the private key is not that of the certificate"},
      {"next-ca.key", nullptr, "next-ca.crt, next-ca.key: no usable PEM private key"},
      {"next-ca.key", encoded(other.authority.key), "next-ca.crt, next-ca.key: the private key is not"},
  };
  for (const auto& [key, value, message] : cases) {
    Json secret;
    EncodeCertificateSecret(*PrepareRotation(Begun(), kRequest, kNow), secret);
    secret["data"][key] = value;
    EXPECT_THAT(std::string(MessageOf(DecodeCertificateSecret(secret).status())), HasSubstr(message)) << key;
  }
  Json secret;
  EncodeCertificateSecret(*PrepareRotation(Begun(), kRequest, kNow), secret);
  secret["data"]["next-ca.crt"] = encoded(other.authority.certificate);
  secret["data"]["next-ca.key"] = encoded(other.authority.key);
  EXPECT_EQ(MessageOf(DecodeCertificateSecret(secret).status()), "next-ca.crt: is not in ca.crt");
  EXPECT_FALSE(DecodeCertificateSecret(Json()).ok());
}

TEST(CertificateSecretTest, RotationInOrder) {
  const CertificateSecret begun = Begun();
  EXPECT_THAT(begun.bundle, ElementsAre(begun.authority.certificate));
  EXPECT_EQ(RenewalTime(begun.validity()), kNow + 600);
  EXPECT_FALSE(Advance(begun, kNow + 599, true).has_value());
  const auto prepared = Advance(begun, kNow + 600);
  ASSERT_TRUE(prepared.has_value());
  EXPECT_EQ(prepared->serving, begun.serving);
  EXPECT_THAT(prepared->bundle, ElementsAre(prepared->next->certificate, begun.authority.certificate));
  EXPECT_FALSE(Advance(*prepared, kNow + 700, false).has_value()) << "not before callers trust the next CA";
  const auto finished = Advance(*prepared, kNow + 610, true);
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->authority, *prepared->next);
  EXPECT_EQ(finished->bundle, prepared->bundle) << "the old CA stays, for replicas that do not know yet";
  EXPECT_FALSE(finished->next.has_value());
  EXPECT_EQ(finished->validity().not_after, kNow + 600 + 900);
  EXPECT_FALSE(Advance(*finished, kNow + 611, true).has_value());
  const auto again = Advance(*finished, RenewalTime(finished->validity()));
  ASSERT_TRUE(again.has_value());
  EXPECT_THAT(again->bundle, ElementsAre(again->next->certificate, finished->authority.certificate))
      << "the first CA has expired";
}

TEST(CertificateSecretTest, NextCaThatWaitedTooLongIsReplaced) {
  const CertificateSecret begun = Begun();
  CertificateSecret prepared = *PrepareRotation(begun, {.names = {"a"}, .lifetime_seconds = 300}, kNow);
  const auto replaced = Advance(prepared, kNow + 600, true);
  ASSERT_TRUE(replaced.has_value());
  EXPECT_NE(replaced->next, prepared.next);
  EXPECT_EQ(replaced->serving, begun.serving);
}

TEST(CertificateSecretTest, ExpiredIsBegunAnew) {
  const CertificateSecret begun = Begun();
  const auto anew = Advance(begun, kNow + 901);
  ASSERT_TRUE(anew.has_value());
  EXPECT_THAT(anew->bundle, ElementsAre(anew->authority.certificate));
  EXPECT_EQ(anew->validity().not_after, kNow + 901 + 900);
}

TEST(CertificateSecretTest, NewNamesAreAddedUnderTheSameCa) {
  const CertificateSecret begun = Begun();
  const auto more = Advance(begun, kNow + 10, false, {.names = {"other.svc", "localhost"}, .lifetime_seconds = 900});
  ASSERT_TRUE(more.has_value());
  EXPECT_EQ(more->authority, begun.authority);
  EXPECT_THAT(Names(*more), UnorderedElementsAre("localhost", "127.0.0.1", "other.svc"));
  EXPECT_EQ(more->validity().not_after, begun.validity().not_after);
  EXPECT_FALSE(Advance(*more, kNow + 10).has_value()) << "a replica with the old names is content";
}

TEST(CertificateSecretTest, TrustedCasAreTakenOver) {
  const CertificateSecret old = *BeginCertificates(kRequest, kNow - 10, {});
  const CertificateSecret expired = *BeginCertificates(kRequest, kNow - 1000, {});
  const auto begun =
      BeginCertificates(kRequest, kNow, {old.authority.certificate, "nonsense", expired.authority.certificate});
  ASSERT_TRUE(begun.ok());
  EXPECT_THAT(begun->bundle, ElementsAre(begun->authority.certificate, old.authority.certificate));
}

}  // namespace
}  // namespace tidewaiter
