// SPDX-License-Identifier: Apache-2.0
//
// Certificates for TLS servers: a CA, what it issues, and what a certificate says. It keeps nothing and knows no clock;
// where certificates are stored and when they are renewed is others' business. Tested by tests/pki/certificate_test.cc.
//
// Source: RFC 5280; keys are ECDSA P-256.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "webhook/pki/openssl.h"

namespace tidewaiter {

// How much earlier than now a new certificate is valid: for callers whose clocks are behind.
inline constexpr std::int64_t kClockSkewSeconds = 5 * 60;

// Seconds since 1970.
struct Validity {
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;

  // From kClockSkewSeconds before `now` to `seconds` after it.
  static Validity From(std::int64_t now, std::int64_t seconds) { return {now - kClockSkewSeconds, now + seconds}; }
};

// A certificate and its private key.
struct PemPair {
  std::string certificate;
  std::string key;

  bool operator==(const PemPair&) const = default;
};

// The common name of every CA made here, by which they are known.
inline constexpr std::string_view kAuthorityName = "tidewaiter-ca";

// A CA that may issue certificates for servers, but no further CAs. Internal when OpenSSL cannot.
absl::StatusOr<PemPair> MakeAuthority(const Validity& validity);

// InvalidArgument when there is no name, or one is neither a DNS name nor an IP address.
absl::Status CheckServerNames(const std::vector<std::string>& names);

// A server's certificate. `names` are the subject alternative names: DNS names (a leading `*.` is allowed) and IP
// addresses. InvalidArgument when there is none, one is neither, or the CA's PEM texts cannot be read.
absl::StatusOr<PemPair> IssueServerCertificate(const PemPair& authority, const std::vector<std::string>& names,
                                               const Validity& validity);

Validity ValidityOf(const X509* certificate);

// Its subject alternative names, as IssueServerCertificate takes them.
std::vector<std::string> NamesOf(const X509* certificate);

// Whether it is a CA made by MakeAuthority, by its name.
bool IsOurAuthority(const X509* certificate);

// Whether the CA's key has signed it.
bool IsIssuedBy(X509* certificate, X509* authority);

// Whether the text is a certificate (the first of it) and its key. InvalidArgument otherwise.
absl::Status CheckPair(const PemPair& pair);

}  // namespace tidewaiter
