// SPDX-License-Identifier: Apache-2.0
//
// What is made verifies, says what it should, and what is no certificate or key is refused.
#include "webhook/pki/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "webhook/kube/text.h"
#include "webhook/pki/pem.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kNow = 1'800'000'000;
const std::vector<std::string> kNames = {"localhost", "*.example.com", "127.0.0.1", "::1"};

X509Ptr First(const std::string& pem) { return std::move(ParseCertificates(pem)->front()); }

bool Verifies(X509* leaf, X509* authority, std::int64_t at) {
  std::unique_ptr<X509_STORE, OpenSslDeleter<X509_STORE_free>> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), authority);
  std::unique_ptr<X509_STORE_CTX, OpenSslDeleter<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), at);
  X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(context.get()), X509_PURPOSE_SSL_SERVER);
  return X509_verify_cert(context.get()) == 1;
}

TEST(CertificateTest, WhatACaIssuesVerifiesWithItWhileItIsValid) {
  const auto authority = MakeAuthority(Validity::From(kNow, 60));
  const auto other = MakeAuthority(Validity::From(kNow, 60));
  const auto pair = IssueServerCertificate(*authority, kNames, Validity::From(kNow, 50));
  ASSERT_TRUE(pair.ok()) << pair.status();
  const X509Ptr leaf = First(pair->certificate), ca = First(authority->certificate), no_ca = First(other->certificate);
  EXPECT_TRUE(Verifies(leaf.get(), ca.get(), kNow - kClockSkewSeconds));
  EXPECT_TRUE(Verifies(leaf.get(), ca.get(), kNow + 49));
  EXPECT_FALSE(Verifies(leaf.get(), ca.get(), kNow + 51));
  EXPECT_FALSE(Verifies(leaf.get(), ca.get(), kNow - kClockSkewSeconds - 1));
  EXPECT_FALSE(Verifies(leaf.get(), no_ca.get(), kNow));
  EXPECT_TRUE(IsIssuedBy(leaf.get(), ca.get()));
  EXPECT_FALSE(IsIssuedBy(leaf.get(), no_ca.get())) << "a CA of the same name";
  EXPECT_TRUE(IsOurAuthority(ca.get()));
  EXPECT_FALSE(IsOurAuthority(leaf.get()));
}

TEST(CertificateTest, WhatItSays) {
  const auto authority = MakeAuthority(Validity::From(kNow, 60));
  const auto pair = IssueServerCertificate(*authority, kNames, Validity::From(kNow, 50));
  ASSERT_TRUE(pair.ok());
  const X509Ptr leaf = First(pair->certificate);
  EXPECT_THAT(NamesOf(leaf.get()), ElementsAre("localhost", "*.example.com", "127.0.0.1", "::1"));
  EXPECT_TRUE(NamesOf(First(authority->certificate).get()).empty());
  EXPECT_EQ(ValidityOf(leaf.get()).not_before, kNow - kClockSkewSeconds);
  EXPECT_EQ(ValidityOf(leaf.get()).not_after, kNow + 50);
  EXPECT_EQ(X509_check_host(leaf.get(), "a.example.com", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(leaf.get(), "example.org", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "::1", 0), 1);
  const auto again = IssueServerCertificate(*authority, kNames, Validity::From(kNow, 50));
  EXPECT_NE(
      ASN1_INTEGER_cmp(X509_get0_serialNumber(leaf.get()), X509_get0_serialNumber(First(again->certificate).get())), 0);
}

TEST(CertificateTest, RefusesNamesThatAreNone) {
  const auto authority = MakeAuthority(Validity::From(kNow, 60));
  for (const char* name : {"", "a b", "-a", "a..b", "a,DNS:evil", "*.", "a.*.b", "h\xC3\xA9"}) {
    EXPECT_FALSE(IssueServerCertificate(*authority, {name}, Validity::From(kNow, 60)).ok()) << name;
  }
  EXPECT_FALSE(IssueServerCertificate(*authority, {}, Validity::From(kNow, 60)).ok());
}

TEST(CertificateTest, PairsThatAreNone) {
  const auto one = MakeAuthority(Validity::From(kNow, 60)), two = MakeAuthority(Validity::From(kNow, 60));
  EXPECT_TRUE(CheckPair(*one).ok());
  const struct {
    PemPair pair;
    const char* message;
  } cases[] = {
      {{one->certificate, two->key}, "the private key is not that of the certificate"},
      {{"", one->key}, "no usable PEM certificate"},
      {{"nonsense", one->key}, "no usable PEM certificate"},
      {{one->certificate, ""}, "no usable PEM private key"},
      {{one->certificate, one->certificate}, "no usable PEM private key"},
  };
  for (const auto& [pair, message] : cases) {
    const absl::Status status = CheckPair(pair);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(MessageOf(status)), HasSubstr(message));
  }
}

TEST(PemTest, BundlesAreReadWholeOrNotAtAll) {
  const auto one = MakeAuthority(Validity::From(kNow, 60)), two = MakeAuthority(Validity::From(kNow, 60));
  const auto both = ParseCertificates("# text\n" + one->certificate + "between\n" + two->certificate + "after\n");
  ASSERT_TRUE(both.ok()) << both.status();
  ASSERT_EQ(both->size(), 2u);
  EXPECT_EQ(WriteCertificate((*both)[1].get()), two->certificate);
  std::string broken = two->certificate;
  broken[broken.size() / 2] = '!';
  EXPECT_FALSE(ParseCertificates(one->certificate + broken).ok());
}

}  // namespace
}  // namespace tidewaiter
