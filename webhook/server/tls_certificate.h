// SPDX-License-Identifier: Apache-2.0
//
// The server's certificate and the TLS settings around it, and whom it serves: from PEM files or texts, or made in
// memory (webhook/pki). Serving is in parked_server.h. Tested by tests/server/tls_certificate_test.cc.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tidewaiter {

// A ready server context. Immutable and thread safe; connections keep it alive.
struct ServingCertificate {
  std::shared_ptr<SSL_CTX> context;
  std::string ca_pem;  // what callers must trust; empty when it came from files
  // When the serving certificate is valid, seconds since 1970.
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
};

// Reads a certificate chain (leaf first) and its private key, both PEM. NotFound when a file cannot be read,
// InvalidArgument when it holds no certificate or key or the two do not belong together; the message names the file.
absl::StatusOr<ServingCertificate> LoadCertificate(const std::string& certificate_file, const std::string& key_file);

// Makes a CA and a serving certificate signed by it, both ECDSA P-256, in memory; valid for 90 days from `now` (seconds
// since 1970), five minutes earlier for clocks that are behind. `names` are the subject alternative names: DNS names (a
// leading `*.` is allowed) and IP addresses. InvalidArgument when a name is neither.
absl::StatusOr<ServingCertificate> MakeSelfSignedCertificate(const std::vector<std::string>& names, std::int64_t now);

// The same certificate for clients of these CAs (PEM) only: the handshake fails for all others. InvalidArgument when
// the text holds no certificate.
absl::StatusOr<ServingCertificate> RequireClientCertificates(const ServingCertificate& certificate,
                                                             std::string_view authorities_pem);

// A chain (leaf first) and its private key as PEM texts. InvalidArgument when there is no certificate or key in them,
// or the two do not belong together.
absl::StatusOr<ServingCertificate> ParseCertificate(std::string_view chain_pem, std::string_view key_pem);

}  // namespace tidewaiter
