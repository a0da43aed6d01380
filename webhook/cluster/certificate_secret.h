// SPDX-License-Identifier: Apache-2.0
//
// What the replicas share to serve TLS, as a Kubernetes Secret, and how it goes on from there: pure functions, without
// API server and clock. When each is called is certificate_manager.h's business. Tested by
// tests/cluster/certificate_secret_test.cc.
//
// The Secret has the label app.kubernetes.io/managed-by=tidewaiter when we have made it (type kubernetes.io/tls), and
// tidewaiter.dev/certificate=self-managed when somebody has made it for us, empty and of any type. It holds
//   tls.crt, tls.key           the serving certificate
//   ca.crt                     the bundle: every CA that callers must trust, newest first
//   ca.key                     the key of the CA that issued tls.crt
//   next-ca.crt, next-ca.key   during a rotation: the CA of the next serving certificate, which is in ca.crt already
//
// A rotation has two steps: the next CA is made, and when callers trust it, a certificate of it takes the place of the
// one before. A CA leaves the bundle when it has expired, as all that it issued has by then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/cluster/json_text.h"
#include "webhook/pki/certificate.h"

namespace tidewaiter {

struct CertificateSecret {
  PemPair serving;
  PemPair authority;
  std::optional<PemPair> next;
  std::vector<std::string> bundle;  // each one certificate

  // The bundle as one PEM text.
  std::string BundlePem() const;
  // Of the serving certificate.
  Validity validity() const;
};

// Whether it carries a label that says so.
bool IsOurSecret(const Json& secret);

// Whether it was made for us and never filled.
bool IsEmptySecret(const Json& secret);

// InvalidArgument, naming the key, when something is missing, is no PEM text, or does not belong together.
absl::StatusOr<CertificateSecret> DecodeCertificateSecret(const Json& secret);

// Sets data, and our label when it has none that says so; all else of the object stays, but what was in data goes.
void EncodeCertificateSecret(const CertificateSecret& content, Json& secret);

// What certificates are made for.
struct CertificateRequest {
  std::vector<std::string> names;
  std::int64_t lifetime_seconds = 0;
};

// When two thirds of the lifetime are over, in seconds since 1970.
std::int64_t RenewalTime(const Validity& validity);

// The first content. `trusted` are further CAs for the bundle (PEM, one each); those that have expired are left out.
absl::StatusOr<CertificateSecret> BeginCertificates(const CertificateRequest& request, std::int64_t now,
                                                    const std::vector<std::string>& trusted);

// The first step of a rotation. A next CA that is there already leaves its place; it stays in the bundle.
absl::StatusOr<CertificateSecret> PrepareRotation(CertificateSecret content, const CertificateRequest& request,
                                                  std::int64_t now);

// The second; FailedPrecondition when there is no next CA.
absl::StatusOr<CertificateSecret> FinishRotation(CertificateSecret content, const CertificateRequest& request,
                                                 std::int64_t now);

// The next content when it is time for one, nullopt otherwise. `next_is_trusted`: the callers hold the next CA. A
// serving certificate that lacks names is issued anew with these and its own, so that replicas that were told different
// names (an update under way) do not fight.
absl::StatusOr<std::optional<CertificateSecret>> AdvanceCertificates(const CertificateSecret& content,
                                                                     const CertificateRequest& request,
                                                                     std::int64_t now, bool next_is_trusted);

}  // namespace tidewaiter
