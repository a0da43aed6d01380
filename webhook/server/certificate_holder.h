// SPDX-License-Identifier: Apache-2.0
//
// The certificate in use and the CAs whose clients are served: two things that change apart from each other, and one
// TLS context of both. Where they come from is not its business. Tested by tests/server/certificate_holder_test.cc.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "webhook/server/tls_certificate.h"

namespace tidewaiter {

// Thread safe.
class CertificateHolder {
 public:
  // What is not good changes nothing, as RequireClientCertificates says.
  absl::Status SetCertificate(ServingCertificate certificate);
  // The text of PEM certificates; only clients of these CAs are served from now on.
  absl::Status SetClientAuthorities(std::string_view pem);

  // The two together, once a certificate was set.
  ServingCertificate current() const;
  // Is given what is current from now on, with each change. Not called by two threads at once.
  void SetReceiver(std::function<void(ServingCertificate)> receiver);

 private:
  absl::Status Combine(ServingCertificate certificate, std::string authorities_pem);

  mutable std::mutex mutex_;
  ServingCertificate certificate_;  // without the authorities
  std::string authorities_pem_;     // empty: everybody is served
  ServingCertificate current_;
  std::function<void(ServingCertificate)> receiver_;
};

// Reads a file of CA certificates. NotFound when it cannot be read, InvalidArgument when it holds no certificate; the
// message names the file.
absl::StatusOr<std::string> LoadClientAuthorities(const std::string& file);

}  // namespace tidewaiter
