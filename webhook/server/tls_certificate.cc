// SPDX-License-Identifier: Apache-2.0
//
// The TLS context and the certificate that is read from files; self_signed.cc makes the other kind.
#include "webhook/server/tls_certificate.h"

#include <unistd.h>

#include <cstring>
#include <ctime>

#include "webhook/kube/text.h"
#include "webhook/server/openssl.h"
#include "webhook/server/tls_context.h"

namespace tidewaiter {
namespace {

constexpr unsigned char kAlpn[] = "\x08http/1.1";

int SelectAlpn(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* offered,
               unsigned int offered_length, void*) {
  unsigned char* selected = nullptr;
  const int result = SSL_select_next_proto(&selected, out_length, kAlpn, sizeof(kAlpn) - 1, offered, offered_length);
  *out = selected;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

absl::Status CheckReadable(const std::string& path) {
  if (access(path.c_str(), R_OK) == 0) return absl::OkStatus();
  return absl::NotFoundError(ToAbsl(StrCat(path, ": cannot be read: ", std::string(std::strerror(errno)))));
}

}  // namespace

std::shared_ptr<SSL_CTX> NewServerContext() {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) return nullptr;
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  // TLS 1.2: forward secrecy and authenticated encryption only (Mozilla "intermediate", without DHE). TLS 1.3 has no
  // others.
  SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20");
  // Tickets would cost two more records a connection; the API server keeps its connections.
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  // An idle connection gives its 34 KB of buffers back.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // SSL_read comes back after a message that is not a request, so that a client that sends only those takes turns.
  SSL_CTX_clear_mode(raw, SSL_MODE_AUTO_RETRY);
  // A record in one system call, not its header and its body in two.
  SSL_CTX_set_read_ahead(raw, 1);
  SSL_CTX_set_alpn_select_cb(raw, SelectAlpn, nullptr);
  return context;
}

std::int64_t NotAfter(const X509* certificate) {
  std::tm time{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return 0;
  return timegm(&time);
}

absl::StatusOr<ServingCertificate> LoadCertificate(const std::string& certificate_file, const std::string& key_file) {
  for (const std::string& path : {certificate_file, key_file}) {
    if (absl::Status status = CheckReadable(path); !status.ok()) return status;
  }
  ServingCertificate certificate{.context = NewServerContext(), .ca_pem = {}, .not_after = 0};
  if (certificate.context == nullptr) return absl::InternalError("no TLS context can be made");
  SSL_CTX* raw = certificate.context.get();
  if (SSL_CTX_use_certificate_chain_file(raw, certificate_file.c_str()) != 1) {
    return InvalidArgument(StrCat(certificate_file, ": no usable PEM certificate: ", TakeOpenSslError()));
  }
  // An encrypted key must fail, not ask the terminal for its passphrase.
  SSL_CTX_set_default_passwd_cb(raw, [](char*, int, int, void*) { return -1; });
  if (SSL_CTX_use_PrivateKey_file(raw, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    const std::string reason = TakeOpenSslError();
    const bool is_mismatch = reason.find("mismatch") != std::string::npos;
    return InvalidArgument(StrCat(
        key_file, is_mismatch ? ": is not the key of " + certificate_file : ": no usable PEM private key: " + reason));
  }
  if (SSL_CTX_check_private_key(raw) != 1) {
    TakeOpenSslError();
    return InvalidArgument(StrCat(key_file, ": is not the key of ", certificate_file));
  }
  certificate.not_after = NotAfter(SSL_CTX_get0_certificate(raw));
  return certificate;
}

}  // namespace tidewaiter
