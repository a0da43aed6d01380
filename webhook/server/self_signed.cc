// SPDX-License-Identifier: Apache-2.0
//
// A CA and one certificate signed by it, made in memory (RFC 5280). The CA's key is thrown away at once.
#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "webhook/kube/text.h"
#include "webhook/server/openssl.h"
#include "webhook/server/tls_certificate.h"
#include "webhook/server/tls_context.h"

namespace tidewaiter {
namespace {

constexpr std::int64_t kValiditySeconds = std::int64_t{90} * 24 * 3600;
constexpr std::int64_t kClockSkewSeconds = 5 * 60;

bool IsIpAddress(const std::string& name) {
  unsigned char buffer[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), buffer) == 1 || inet_pton(AF_INET6, name.c_str(), buffer) == 1;
}

// RFC 1123 host name, with `*` allowed as the whole first label.
bool IsDnsName(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 253 && name.front() != '.' && name.back() != '.' && name.front() != '-' &&
         name.find("..") == std::string_view::npos && std::all_of(name.begin(), name.end(), is_allowed);
}

absl::StatusOr<std::string> SubjectAltNames(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!IsIpAddress(name) && !IsDnsName(name)) {
      return InvalidArgument(StrCat("\"", name, "\" is neither a DNS name nor an IP address"));
    }
    StrAppend(&text, text.empty() ? "" : ",", IsIpAddress(name) ? "IP:" : "DNS:", name);
  }
  if (text.empty()) return InvalidArgument("a certificate needs at least one name");
  return text;
}

struct Extension {
  int nid;
  std::string value;
};

// A signed certificate, or nullptr. `issuer` nullptr means self-signed.
X509Ptr MakeCertificate(const char* common_name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key, std::int64_t now,
                        const std::vector<Extension>& extensions) {
  X509Ptr certificate(X509_new());
  unsigned char serial[16];
  if (certificate == nullptr || RAND_bytes(serial, sizeof(serial)) != 1) return nullptr;
  serial[0] &= 0x7F;  // positive (RFC 5280 section 4.1.2.2)
  std::unique_ptr<BIGNUM, OpenSslDeleter<BN_free>> number(BN_bin2bn(serial, sizeof(serial), nullptr));
  X509* raw = certificate.get();
  X509_NAME* subject = X509_get_subject_name(raw);
  bool is_good = number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(raw)) != nullptr &&
                 X509_set_version(raw, X509_VERSION_3) == 1 &&
                 ASN1_TIME_set(X509_getm_notBefore(raw), now - kClockSkewSeconds) != nullptr &&
                 ASN1_TIME_set(X509_getm_notAfter(raw), now + kValiditySeconds) != nullptr &&
                 X509_set_pubkey(raw, key) == 1 &&
                 X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                            reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0) == 1 &&
                 X509_set_issuer_name(raw, issuer == nullptr ? subject : X509_get_subject_name(issuer)) == 1;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer == nullptr ? raw : issuer, raw, nullptr, nullptr, 0);
  for (const Extension& extension : extensions) {
    std::unique_ptr<X509_EXTENSION, OpenSslDeleter<X509_EXTENSION_free>> made(
        X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value.c_str()));
    is_good = is_good && made != nullptr && X509_add_ext(raw, made.get(), -1) == 1;
  }
  is_good = is_good && X509_sign(raw, issuer_key, EVP_sha256()) > 0;
  return is_good ? std::move(certificate) : nullptr;
}

std::string ToPem(X509* certificate) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  char* data = nullptr;
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), certificate) != 1) return "";
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

absl::StatusOr<ServingCertificate> MakeSelfSignedCertificate(const std::vector<std::string>& names, std::int64_t now) {
  const absl::StatusOr<std::string> alt_names = SubjectAltNames(names);
  if (!alt_names.ok()) return alt_names.status();
  const KeyPtr ca_key(EVP_EC_gen("P-256"));
  const KeyPtr key(EVP_EC_gen("P-256"));
  const X509Ptr ca = MakeCertificate("tidewaiter-ca", ca_key.get(), nullptr, ca_key.get(), now,
                                     {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                      {NID_key_usage, "critical,keyCertSign"},
                                      {NID_subject_key_identifier, "hash"}});
  const X509Ptr leaf = ca == nullptr ? nullptr
                                     : MakeCertificate("tidewaiter", key.get(), ca.get(), ca_key.get(), now,
                                                       {{NID_basic_constraints, "critical,CA:FALSE"},
                                                        {NID_key_usage, "critical,digitalSignature"},
                                                        {NID_ext_key_usage, "serverAuth"},
                                                        {NID_subject_key_identifier, "hash"},
                                                        {NID_authority_key_identifier, "keyid"},
                                                        {NID_subject_alt_name, *alt_names}});
  ServingCertificate certificate{.context = NewServerContext(), .ca_pem = {}, .not_after = NotAfter(leaf.get())};
  SSL_CTX* raw = certificate.context.get();
  if (leaf == nullptr || raw == nullptr || SSL_CTX_use_certificate(raw, leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(raw, key.get()) != 1) {
    return absl::InternalError(ToAbsl(StrCat("no certificate can be made: ", TakeOpenSslError())));
  }
  certificate.ca_pem = ToPem(ca.get());
  return certificate;
}

}  // namespace tidewaiter
