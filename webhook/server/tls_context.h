// SPDX-License-Identifier: Apache-2.0
//
// What the two sources of certificates share: the server's TLS settings. Only tls_certificate.cc and self_signed.cc
// include it. Tested by tests/server/tls_certificate_test.cc.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>

namespace tidewaiter {

// TLS 1.2 and 1.3, forward secret and authenticated ciphers, no renegotiation, compression, tickets or session cache;
// ALPN http/1.1. nullptr when OpenSSL has no memory.
std::shared_ptr<SSL_CTX> NewServerContext();

// The end of validity in seconds since 1970, 0 when it cannot be read.
std::int64_t NotAfter(const X509* certificate);

}  // namespace tidewaiter
