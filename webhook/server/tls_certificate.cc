// SPDX-License-Identifier: Apache-2.0
//
// The TLS context, and what is put into it.
#include "webhook/server/tls_certificate.h"

#include <unistd.h>

#include <cstring>
#include <utility>

#include "webhook/kube/text.h"
#include "webhook/pki/certificate.h"
#include "webhook/pki/openssl.h"
#include "webhook/pki/pem.h"

namespace tidewaiter {
namespace {

constexpr std::int64_t kSelfSignedSeconds = std::int64_t{90} * 24 * 3600;
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

// TLS 1.2 and 1.3, forward secret and authenticated ciphers, no renegotiation, compression, tickets or session cache;
// ALPN http/1.1. nullptr when OpenSSL has no memory.
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

void NoteValidity(const X509* x509, ServingCertificate& certificate) {
  const Validity validity = ValidityOf(x509);
  certificate.not_before = validity.not_before;
  certificate.not_after = validity.not_after;
}

}  // namespace

absl::StatusOr<ServingCertificate> LoadCertificate(const std::string& certificate_file, const std::string& key_file) {
  for (const std::string& path : {certificate_file, key_file}) {
    if (absl::Status status = CheckReadable(path); !status.ok()) return status;
  }
  ServingCertificate certificate{.context = NewServerContext(), .ca_pem = {}};
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
  NoteValidity(SSL_CTX_get0_certificate(raw), certificate);
  return certificate;
}

absl::StatusOr<ServingCertificate> ParseCertificate(std::string_view chain_pem, std::string_view key_pem) {
  const absl::StatusOr<std::vector<X509Ptr>> chain = ParseCertificates(chain_pem);
  if (!chain.ok()) return chain.status();
  const absl::StatusOr<KeyPtr> key = ParsePrivateKey(key_pem);
  if (!key.ok()) return key.status();
  ServingCertificate certificate{.context = NewServerContext(), .ca_pem = {}};
  SSL_CTX* raw = certificate.context.get();
  if (raw == nullptr) return absl::InternalError("no TLS context can be made");
  if (SSL_CTX_use_certificate(raw, chain->front().get()) != 1 || SSL_CTX_use_PrivateKey(raw, key->get()) != 1) {
    return InvalidArgument(StrCat("the certificate cannot be used: ", TakeOpenSslError()));
  }
  for (std::size_t i = 1; i < chain->size(); ++i) SSL_CTX_add1_chain_cert(raw, (*chain)[i].get());
  NoteValidity(chain->front().get(), certificate);
  return certificate;
}

absl::StatusOr<ServingCertificate> MakeSelfSignedCertificate(const std::vector<std::string>& names, std::int64_t now) {
  const Validity validity = Validity::From(now, kSelfSignedSeconds);
  const absl::StatusOr<PemPair> authority = MakeAuthority(validity);
  if (!authority.ok()) return authority.status();
  const absl::StatusOr<PemPair> pair = IssueServerCertificate(*authority, names, validity);
  if (!pair.ok()) return pair.status();
  absl::StatusOr<ServingCertificate> certificate = ParseCertificate(pair->certificate, pair->key);
  if (certificate.ok()) certificate->ca_pem = authority->certificate;
  return certificate;
}

absl::StatusOr<ServingCertificate> RequireClientCertificates(const ServingCertificate& certificate,
                                                             std::string_view authorities_pem) {
  const absl::StatusOr<std::vector<X509Ptr>> authorities = ParseCertificates(authorities_pem);
  if (!authorities.ok()) return authorities.status();
  // A new context: those in use are never changed.
  ServingCertificate required = certificate;
  required.context = NewServerContext();
  SSL_CTX* raw = required.context.get();
  SSL_CTX* source = certificate.context.get();
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(source, &chain);
  if (raw == nullptr ||
      SSL_CTX_use_cert_and_key(raw, SSL_CTX_get0_certificate(source), SSL_CTX_get0_privatekey(source), chain, 1) != 1) {
    return absl::InternalError(ToAbsl(StrCat("no TLS context can be made: ", TakeOpenSslError())));
  }
  // The names of the CAs are not sent: a client offers what it has, and the handshake says whether it will do.
  for (const X509Ptr& authority : *authorities) X509_STORE_add_cert(SSL_CTX_get_cert_store(raw), authority.get());
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return required;
}

}  // namespace tidewaiter
