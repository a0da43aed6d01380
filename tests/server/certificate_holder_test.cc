// SPDX-License-Identifier: Apache-2.0
//
// Certificate and client CAs change apart from each other; what is not good changes nothing.
#include "webhook/server/certificate_holder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "tests/testing/temporary_folder.h"
#include "webhook/kube/text.h"
#include "webhook/pki/certificate.h"

namespace tidewaiter {
namespace {

using ::testing::StartsWith;

ServingCertificate NewCertificate() { return *MakeSelfSignedCertificate({"localhost"}, std::time(nullptr)); }
std::string NewCa() { return MakeAuthority(Validity::From(std::time(nullptr), 60))->certificate; }
bool AsksClients(const ServingCertificate& certificate) {
  return (SSL_CTX_get_verify_mode(certificate.context.get()) & SSL_VERIFY_FAIL_IF_NO_PEER_CERT) != 0;
}

TEST(CertificateHolderTest, EachChangeKeepsTheOtherPart) {
  CertificateHolder holder;
  std::vector<ServingCertificate> received;
  ASSERT_TRUE(holder.SetCertificate(NewCertificate()).ok());
  EXPECT_FALSE(AsksClients(holder.current()));
  holder.SetReceiver([&](ServingCertificate certificate) { received.push_back(std::move(certificate)); });
  ASSERT_TRUE(holder.SetClientAuthorities(NewCa()).ok());
  ASSERT_TRUE(holder.SetCertificate(NewCertificate()).ok());
  ASSERT_EQ(received.size(), 2u);
  EXPECT_TRUE(AsksClients(received[0]));
  EXPECT_TRUE(AsksClients(received[1]));
  EXPECT_NE(SSL_CTX_get0_certificate(received[0].context.get()), SSL_CTX_get0_certificate(received[1].context.get()));
  EXPECT_EQ(received[1].context, holder.current().context);
}

TEST(CertificateHolderTest, WhatIsNotGoodChangesNothing) {
  CertificateHolder holder;
  ASSERT_TRUE(holder.SetCertificate(NewCertificate()).ok());
  ASSERT_TRUE(holder.SetClientAuthorities(NewCa()).ok());
  const auto before = holder.current().context;
  EXPECT_EQ(holder.SetClientAuthorities("nonsense").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(holder.current().context, before);
}

TEST(CertificateHolderTest, ChainAndKeyGoOver) {
  const auto authority = MakeAuthority(Validity::From(std::time(nullptr), 60));
  const auto pair = IssueServerCertificate(*authority, {"localhost"}, Validity::From(std::time(nullptr), 60));
  const auto parsed = ParseCertificate(pair->certificate + authority->certificate, pair->key);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const auto required = RequireClientCertificates(*parsed, NewCa());
  ASSERT_TRUE(required.ok()) << required.status();
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(required->context.get(), &chain);
  EXPECT_EQ(sk_X509_num(chain), 1);
  EXPECT_EQ(SSL_CTX_check_private_key(required->context.get()), 1);
  EXPECT_EQ(required->not_after, parsed->not_after);
  EXPECT_FALSE(ParseCertificate(pair->certificate, authority->key).ok());
}

TEST(ClientAuthoritiesTest, FilesAreNamed) {
  const TemporaryFolder folder;
  folder.Write("good", NewCa() + NewCa());
  folder.Write("bad", "x");
  EXPECT_TRUE(LoadClientAuthorities(folder.Path("good")).ok());
  EXPECT_THAT(std::string(MessageOf(LoadClientAuthorities(folder.Path("bad")).status())),
              StartsWith(folder.Path("bad") + ": no usable PEM certificate"));
  EXPECT_EQ(MessageOf(LoadClientAuthorities(folder.Path("none")).status()),
            folder.Path("none") + ": cannot be read: No such file or directory");
  EXPECT_EQ(MessageOf(LoadClientAuthorities(folder.Path("")).status()),
            folder.Path("") + ": cannot be read: Is a directory");
}

}  // namespace
}  // namespace tidewaiter
