// SPDX-License-Identifier: Apache-2.0
//
// Certificates and keys as PEM files for tests.
#pragma once

#include <openssl/pem.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "webhook/pki/openssl.h"
#include "webhook/server/tls_certificate.h"

namespace tidewaiter {

// Writes a certificate for `host`, made at `now`, to PATH.crt and its key to PATH.key, after making the folders that
// are missing; the key encrypted when a passphrase is given.
inline void WritePemPair(const std::string& path, const std::string& host, std::int64_t now,
                         const char* passphrase = nullptr) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  const auto certificate = MakeSelfSignedCertificate({host}, now);
  SSL_CTX* context = certificate->context.get();
  std::unique_ptr<FILE, OpenSslDeleter<fclose>> file(fopen((path + ".crt").c_str(), "w"));
  PEM_write_X509(file.get(), SSL_CTX_get0_certificate(context));
  file.reset(fopen((path + ".key").c_str(), "w"));
  PEM_write_PKCS8PrivateKey(file.get(), SSL_CTX_get0_privatekey(context),
                            passphrase == nullptr ? nullptr : EVP_aes_128_cbc(), passphrase,
                            passphrase == nullptr ? 0 : 4, nullptr, nullptr);
}

}  // namespace tidewaiter
