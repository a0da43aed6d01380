// SPDX-License-Identifier: Apache-2.0
//
// X.509 version 3 through OpenSSL.
#include "webhook/pki/certificate.h"

#include <arpa/inet.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "webhook/kube/characters.h"
#include "webhook/kube/text.h"
#include "webhook/pki/pem.h"

namespace tidewaiter {
namespace {

bool IsIpAddress(const std::string& name) {
  unsigned char buffer[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), buffer) == 1 || inet_pton(AF_INET6, name.c_str(), buffer) == 1;
}

// RFC 1123 host name, with `*` allowed as the whole first label.
bool IsDnsName(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  const auto is_allowed = [](char c) { return IsAlphanumeric(c) || c == '-' || c == '.'; };
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

struct Issuer {
  X509* certificate;
  EVP_PKEY* key;
};

// A signed certificate, or nullptr. `issuer.certificate` nullptr means self-signed.
X509Ptr MakeCertificate(std::string_view common_name, EVP_PKEY* key, Issuer issuer, const Validity& validity,
                        const std::vector<Extension>& extensions) {
  X509Ptr certificate(X509_new());
  unsigned char serial[16];
  if (certificate == nullptr || key == nullptr || RAND_bytes(serial, sizeof(serial)) != 1) return nullptr;
  serial[0] &= 0x7F;  // positive (RFC 5280 section 4.1.2.2)
  std::unique_ptr<BIGNUM, OpenSslDeleter<BN_free>> number(BN_bin2bn(serial, sizeof(serial), nullptr));
  X509* raw = certificate.get();
  X509_NAME* subject = X509_get_subject_name(raw);
  bool is_good =
      number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(raw)) != nullptr &&
      X509_set_version(raw, X509_VERSION_3) == 1 &&
      ASN1_TIME_set(X509_getm_notBefore(raw), validity.not_before) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(raw), validity.not_after) != nullptr && X509_set_pubkey(raw, key) == 1 &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(common_name.data()),
                                 static_cast<int>(common_name.size()), -1, 0) == 1 &&
      X509_set_issuer_name(raw, issuer.certificate == nullptr ? subject : X509_get_subject_name(issuer.certificate)) ==
          1;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer.certificate == nullptr ? raw : issuer.certificate, raw, nullptr, nullptr, 0);
  for (const Extension& extension : extensions) {
    std::unique_ptr<X509_EXTENSION, OpenSslDeleter<X509_EXTENSION_free>> made(
        X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value.c_str()));
    is_good = is_good && made != nullptr && X509_add_ext(raw, made.get(), -1) == 1;
  }
  is_good = is_good && X509_sign(raw, issuer.key, EVP_sha256()) > 0;
  return is_good ? std::move(certificate) : nullptr;
}

absl::StatusOr<PemPair> WritePair(const X509Ptr& certificate, const KeyPtr& key) {
  if (certificate == nullptr) {
    return absl::InternalError(ToAbsl(StrCat("no certificate can be made: ", TakeOpenSslError())));
  }
  PemPair pair{.certificate = WriteCertificate(certificate.get()), .key = WritePrivateKey(key.get())};
  if (pair.certificate.empty() || pair.key.empty()) return absl::InternalError("a certificate cannot be written");
  return pair;
}

std::int64_t Seconds(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

}  // namespace

absl::StatusOr<PemPair> MakeAuthority(const Validity& validity) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  return WritePair(MakeCertificate(kAuthorityName, key.get(), {.certificate = nullptr, .key = key.get()}, validity,
                                   {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                    {NID_key_usage, "critical,keyCertSign"},
                                    {NID_subject_key_identifier, "hash"}}),
                   key);
}

absl::Status CheckServerNames(const std::vector<std::string>& names) { return SubjectAltNames(names).status(); }

absl::StatusOr<PemPair> IssueServerCertificate(const PemPair& authority, const std::vector<std::string>& names,
                                               const Validity& validity) {
  const absl::StatusOr<std::string> alt_names = SubjectAltNames(names);
  if (!alt_names.ok()) return alt_names.status();
  const absl::StatusOr<std::vector<X509Ptr>> certificates = ParseCertificates(authority.certificate);
  if (!certificates.ok()) return certificates.status();
  const absl::StatusOr<KeyPtr> authority_key = ParsePrivateKey(authority.key);
  if (!authority_key.ok()) return authority_key.status();
  const KeyPtr key(EVP_EC_gen("P-256"));
  const Issuer issuer{.certificate = certificates->front().get(), .key = authority_key->get()};
  return WritePair(MakeCertificate("tidewaiter", key.get(), issuer, validity,
                                   {{NID_basic_constraints, "critical,CA:FALSE"},
                                    {NID_key_usage, "critical,digitalSignature"},
                                    {NID_ext_key_usage, "serverAuth"},
                                    {NID_subject_key_identifier, "hash"},
                                    {NID_authority_key_identifier, "keyid"},
                                    {NID_subject_alt_name, *alt_names}}),
                   key);
}

Validity ValidityOf(const X509* certificate) {
  return {Seconds(X509_get0_notBefore(certificate)), Seconds(X509_get0_notAfter(certificate))};
}

std::vector<std::string> NamesOf(const X509* certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, OpenSslDeleter<GENERAL_NAMES_free>> general(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; general != nullptr && i < sk_GENERAL_NAME_num(general.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(general.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    const ASN1_STRING* value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const unsigned char* data = ASN1_STRING_get0_data(value);
    const int size = ASN1_STRING_length(value);
    if (name->type == GEN_DNS) {
      names.emplace_back(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    } else if (char text[INET6_ADDRSTRLEN]; size == 4 || size == 16) {
      names.emplace_back(inet_ntop(size == 4 ? AF_INET : AF_INET6, data, text, sizeof(text)));
    }
  }
  return names;
}

bool IsOurAuthority(const X509* certificate) {
  char name[64] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
  return name == kAuthorityName;
}

bool IsIssuedBy(X509* certificate, X509* authority) {
  const bool is_issued = X509_check_issued(authority, certificate) == X509_V_OK &&
                         X509_verify(certificate, X509_get0_pubkey(authority)) == 1;
  ERR_clear_error();
  return is_issued;
}

absl::Status CheckPair(const PemPair& pair) {
  const absl::StatusOr<std::vector<X509Ptr>> certificates = ParseCertificates(pair.certificate);
  if (!certificates.ok()) return certificates.status();
  const absl::StatusOr<KeyPtr> key = ParsePrivateKey(pair.key);
  if (!key.ok()) return key.status();
  const bool is_match = X509_check_private_key(certificates->front().get(), key->get()) == 1;
  ERR_clear_error();
  return is_match ? absl::OkStatus() : InvalidArgument("the private key is not that of the certificate");
}

}  // namespace tidewaiter
