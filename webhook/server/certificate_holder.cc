// SPDX-License-Identifier: Apache-2.0
//
// A new context for each change; connections keep the one they began with.
#include "webhook/server/certificate_holder.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "webhook/kube/text.h"
#include "webhook/pki/pem.h"

namespace tidewaiter {

absl::Status CertificateHolder::SetCertificate(ServingCertificate certificate) {
  const std::lock_guard lock(mutex_);
  return Combine(std::move(certificate), authorities_pem_);
}

absl::Status CertificateHolder::SetClientAuthorities(std::string_view pem) {
  const std::lock_guard lock(mutex_);
  return Combine(certificate_, std::string(pem));
}

absl::Status CertificateHolder::Combine(ServingCertificate certificate, std::string authorities_pem) {
  ServingCertificate combined = certificate;
  if (certificate.context != nullptr && !authorities_pem.empty()) {
    absl::StatusOr<ServingCertificate> required = RequireClientCertificates(certificate, authorities_pem);
    if (!required.ok()) return required.status();
    combined = *std::move(required);
  }
  certificate_ = std::move(certificate);
  authorities_pem_ = std::move(authorities_pem);
  current_ = combined;
  if (receiver_) receiver_(std::move(combined));
  return absl::OkStatus();
}

ServingCertificate CertificateHolder::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void CertificateHolder::SetReceiver(std::function<void(ServingCertificate)> receiver) {
  const std::lock_guard lock(mutex_);
  receiver_ = std::move(receiver);
}

absl::StatusOr<std::string> LoadClientAuthorities(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const int open_error = errno;
  std::ostringstream content;
  errno = 0;
  if (stream.is_open()) content << stream.rdbuf();  // a folder fails here
  if (!stream.is_open() || errno != 0) {
    const char* reason = std::strerror(stream.is_open() ? errno : open_error);
    return absl::NotFoundError(ToAbsl(StrCat(file, ": cannot be read: ", std::string(reason))));
  }
  std::string text = std::move(content).str();
  if (const auto parsed = ParseCertificates(text); !parsed.ok()) {
    return InvalidArgument(StrCat(file, ": ", MessageOf(parsed.status())));
  }
  return text;
}

}  // namespace tidewaiter
