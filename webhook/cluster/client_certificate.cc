// SPDX-License-Identifier: Apache-2.0
//
// cpp-httplib's own reader leaves the chain out, and asks the terminal for the passphrase of an encrypted key.
#include "webhook/cluster/client_certificate.h"

#include <openssl/pem.h>

#include "webhook/kube/text.h"
#include "webhook/pki/openssl.h"

namespace tidewaiter {
namespace {

BioPtr ReadOnly(const std::string& text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

X509Ptr ReadCertificate(BIO* bio) { return X509Ptr(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)); }

int NoPassphrase(char*, int, int, void*) { return -1; }

absl::Status Refuse(std::string_view what) {
  ERR_clear_error();
  return InvalidArgument(what);
}

}  // namespace

absl::Status UseClientCertificate(SSL_CTX* context, const std::string& certificate_pem, const std::string& key_pem) {
  const BioPtr certificates = ReadOnly(certificate_pem);
  const X509Ptr leaf = ReadCertificate(certificates.get());
  if (leaf == nullptr || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return Refuse("the client certificate cannot be read");
  }
  while (const X509Ptr next = ReadCertificate(certificates.get())) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1)
      return Refuse("the client certificate's chain cannot be used");
  }
  const BioPtr keys = ReadOnly(key_pem);
  const KeyPtr key(PEM_read_bio_PrivateKey(keys.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) return Refuse("the client key cannot be read; an encrypted one is not supported");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) return Refuse("the client key is not that of the certificate");
  ERR_clear_error();
  return absl::OkStatus();
}

}  // namespace tidewaiter
