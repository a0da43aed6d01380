// SPDX-License-Identifier: Apache-2.0
//
// Certificates made in memory and read from files.
#include "webhook/server/tls_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tests/testing/pem_files.h"
#include "tests/testing/temporary_folder.h"
#include "webhook/kube/text.h"
#include "webhook/pki/openssl.h"

namespace tidewaiter {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kNow = 1'800'000'000;

X509Ptr ParsePem(const std::string& pem) {
  BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

TEST(SelfSignedTest, TheChainVerifiesForEveryName) {
  const auto certificate = MakeSelfSignedCertificate({"localhost", "*.example.com", "127.0.0.1", "::1"}, kNow);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_EQ(certificate->not_before, kNow - 5 * 60);
  EXPECT_EQ(certificate->not_after, kNow + std::int64_t{90} * 24 * 3600);
  X509* leaf = SSL_CTX_get0_certificate(certificate->context.get());
  const X509Ptr ca = ParsePem(certificate->ca_pem);
  ASSERT_NE(ca, nullptr);
  std::unique_ptr<X509_STORE, OpenSslDeleter<X509_STORE_free>> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), ca.get());
  std::unique_ptr<X509_STORE_CTX, OpenSslDeleter<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), kNow - 60);
  X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(context.get()), X509_PURPOSE_SSL_SERVER);
  EXPECT_EQ(X509_verify_cert(context.get()), 1)
      << X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  EXPECT_EQ(X509_check_host(leaf, "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(leaf, "a.example.com", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(leaf, "example.org", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(leaf, "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf, "::1", 0), 1);
}

TEST(SelfSignedTest, RefusesNamesThatAreNone) {
  for (const char* name : {"", "a b", "-a", "a..b", "a,DNS:evil", "*.", "a.*.b", "h\xC3\xA9"}) {
    EXPECT_FALSE(MakeSelfSignedCertificate({name}, kNow).ok()) << name;
  }
  EXPECT_FALSE(MakeSelfSignedCertificate({}, kNow).ok());
}

class FilesTest : public ::testing::Test {
 protected:
  // Writes a pair NAME.crt and NAME.key; the key encrypted when a passphrase is given.
  void WritePair(const std::string& name, const char* passphrase = nullptr) {
    WritePemPair(Path(name), name, kNow, passphrase);
  }
  std::string Path(const std::string& name) { return folder_.Path(name); }
  std::string ErrorOf(const std::string& certificate, const std::string& key) {
    const auto loaded = LoadCertificate(Path(certificate), Path(key));
    return loaded.ok() ? "ok" : std::string(MessageOf(loaded.status()));
  }

  TemporaryFolder folder_;
};

TEST_F(FilesTest, LoadsAPair) {
  WritePair("a");
  const auto loaded = LoadCertificate(Path("a.crt"), Path("a.key"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->not_before, kNow - 5 * 60);
  EXPECT_EQ(loaded->not_after, kNow + std::int64_t{90} * 24 * 3600);
  EXPECT_EQ(loaded->ca_pem, "");
}

TEST_F(FilesTest, NamesTheFileThatIsWrong) {
  WritePair("a");
  WritePair("b");
  WritePair("locked", "pass");
  folder_.Write("text.crt", "no certificate");
  EXPECT_EQ(ErrorOf("missing.crt", "a.key"), Path("missing.crt") + ": cannot be read: No such file or directory");
  EXPECT_EQ(ErrorOf("a.crt", "missing.key"), Path("missing.key") + ": cannot be read: No such file or directory");
  EXPECT_THAT(ErrorOf("text.crt", "a.key"), HasSubstr(Path("text.crt") + ": no usable PEM certificate"));
  EXPECT_THAT(ErrorOf("a.crt", "text.crt"), HasSubstr(Path("text.crt") + ": no usable PEM private key"));
  EXPECT_EQ(ErrorOf("a.crt", "b.key"), Path("b.key") + ": is not the key of " + Path("a.crt"));
  EXPECT_THAT(ErrorOf("locked.crt", "locked.key"), HasSubstr(Path("locked.key") + ": no usable PEM private key"));
}

}  // namespace
}  // namespace tidewaiter
