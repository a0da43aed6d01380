// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL's PEM routines on memory.
#include "webhook/pki/pem.h"

#include <openssl/pem.h>

#include <utility>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// An encrypted key must fail, not ask the terminal for its passphrase.
int NoPassphrase(char*, int, int, void*) { return -1; }

BioPtr ReadFrom(std::string_view text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

absl::StatusOr<std::vector<X509Ptr>> ParseCertificates(std::string_view pem) {
  std::vector<X509Ptr> certificates;
  const BioPtr bio = ReadFrom(pem);
  ERR_clear_error();
  while (bio != nullptr) {
    X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
    if (certificate == nullptr) break;
    certificates.push_back(std::move(certificate));
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = TakeOpenSslError();
  if (certificates.empty() || !is_end) return InvalidArgument(StrCat("no usable PEM certificate: ", reason));
  return certificates;
}

absl::StatusOr<KeyPtr> ParsePrivateKey(std::string_view pem) {
  const BioPtr bio = ReadFrom(pem);
  KeyPtr key(bio == nullptr ? nullptr : PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  const std::string reason = TakeOpenSslError();
  if (key == nullptr) return InvalidArgument(StrCat("no usable PEM private key: ", reason));
  return key;
}

std::string WriteCertificate(const X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), certificate) != 1) return "";
  return TextOf(bio.get());
}

std::string WritePrivateKey(const EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return "";
  }
  return TextOf(bio.get());
}

}  // namespace tidewaiter
