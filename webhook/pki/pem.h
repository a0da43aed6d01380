// SPDX-License-Identifier: Apache-2.0
//
// Certificates and private keys between PEM text (RFC 7468) and OpenSSL's objects. Files are not read here, nothing is
// verified but that the text is what it should be. Tested by tests/pki/certificate_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/pki/openssl.h"

namespace tidewaiter {

// Every certificate of the text, in order; what is between them is ignored. InvalidArgument when there is none, or one
// that cannot be read.
absl::StatusOr<std::vector<X509Ptr>> ParseCertificates(std::string_view pem);

// The first private key of the text. InvalidArgument when there is none, or it is encrypted: nobody is asked for a
// passphrase.
absl::StatusOr<KeyPtr> ParsePrivateKey(std::string_view pem);

// One certificate, with its newline at the end; "" when OpenSSL has no memory.
std::string WriteCertificate(const X509* certificate);

// PKCS #8, not encrypted; "" when OpenSSL has no memory.
std::string WritePrivateKey(const EVP_PKEY* key);

}  // namespace tidewaiter
