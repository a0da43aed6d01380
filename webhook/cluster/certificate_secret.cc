// SPDX-License-Identifier: Apache-2.0
//
// Base64 and PEM on the outside, a state machine of three states (steady, prepared, expired) inside.
#include "webhook/cluster/certificate_secret.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "webhook/kube/text.h"
#include "webhook/pki/pem.h"

namespace tidewaiter {
namespace {

constexpr char kLabel[] = "app.kubernetes.io/managed-by";
constexpr char kOwner[] = "tidewaiter";
// Of a Secret that somebody made for us to fill. Helm and others keep the label above for themselves.
constexpr char kGivenLabel[] = "tidewaiter.dev/certificate";
constexpr char kGiven[] = "self-managed";

// The decoded text under a key of data; "" for none and for what is no base64.
std::string DataAt(const Json& secret, std::string_view key) {
  std::string text;
  return absl::Base64Unescape(TextAt(secret, {"data", key}), &text) ? text : std::string();
}

absl::Status At(std::string_view key, const absl::Status& status) {
  return InvalidArgument(StrCat(key, ": ", MessageOf(status)));
}

bool IsExpired(const X509* certificate, std::int64_t now) { return ValidityOf(certificate).not_after < now; }

// The certificates of a text that somebody may hold on to, without those that have expired.
std::vector<std::string> Unexpired(const std::vector<std::string>& bundle, std::int64_t now) {
  std::vector<std::string> kept;
  for (const std::string& pem : bundle) {
    const auto parsed = ParseCertificates(pem);
    if (parsed.ok() && !IsExpired(parsed->front().get(), now)) kept.push_back(pem);
  }
  return kept;
}

Validity ValidityOfPem(const std::string& pem) {
  const auto parsed = ParseCertificates(pem);
  return parsed.ok() ? ValidityOf(parsed->front().get()) : Validity{};
}

std::vector<std::string> NamesOfPem(const std::string& pem) {
  const auto parsed = ParseCertificates(pem);
  return parsed.ok() ? NamesOf(parsed->front().get()) : std::vector<std::string>();
}

// From now to the end of its CA.
absl::StatusOr<PemPair> Issue(const PemPair& authority, const std::vector<std::string>& names, std::int64_t now) {
  return IssueServerCertificate(
      authority, names,
      {.not_before = now - kClockSkewSeconds, .not_after = ValidityOfPem(authority.certificate).not_after});
}

}  // namespace

std::string CertificateSecret::BundlePem() const {
  std::string text;
  for (const std::string& pem : bundle) text += pem;
  return text;
}

Validity CertificateSecret::validity() const { return ValidityOfPem(serving.certificate); }

bool IsOurSecret(const Json& secret) {
  return TextAt(secret, {"metadata", "labels", kLabel}) == kOwner ||
         TextAt(secret, {"metadata", "labels", kGivenLabel}) == kGiven;
}

bool IsEmptySecret(const Json& secret) {
  const Json* data = FindAt(secret, {"data"});
  return data == nullptr || data->empty();
}

absl::StatusOr<CertificateSecret> DecodeCertificateSecret(const Json& secret) {
  CertificateSecret content;
  content.serving = {.certificate = DataAt(secret, "tls.crt"), .key = DataAt(secret, "tls.key")};
  if (const absl::Status status = CheckPair(content.serving); !status.ok()) return At("tls.crt, tls.key", status);
  const auto leaf = ParseCertificates(content.serving.certificate);
  const auto bundle = ParseCertificates(DataAt(secret, "ca.crt"));
  if (!bundle.ok()) return At("ca.crt", bundle.status());
  for (const X509Ptr& authority : *bundle) {
    content.bundle.push_back(WriteCertificate(authority.get()));
    if (IsIssuedBy(leaf->front().get(), authority.get())) content.authority.certificate = content.bundle.back();
  }
  if (content.authority.certificate.empty()) return InvalidArgument("ca.crt: no CA of it has issued tls.crt");
  content.authority.key = DataAt(secret, "ca.key");
  if (const absl::Status status = CheckPair(content.authority); !status.ok()) return At("ca.key", status);
  PemPair next{.certificate = DataAt(secret, "next-ca.crt"), .key = DataAt(secret, "next-ca.key")};
  if (next == PemPair{}) return content;
  if (const absl::Status status = CheckPair(next); !status.ok()) return At("next-ca.crt, next-ca.key", status);
  if (std::find(content.bundle.begin(), content.bundle.end(), next.certificate) == content.bundle.end()) {
    return InvalidArgument("next-ca.crt: is not in ca.crt");
  }
  content.next = std::move(next);
  return content;
}

void EncodeCertificateSecret(const CertificateSecret& content, Json& secret) {
  Json data = Json::object();
  const auto put = [&](const char* key, const std::string& text) { data[key] = absl::Base64Escape(text); };
  put("tls.crt", content.serving.certificate);
  put("tls.key", content.serving.key);
  put("ca.crt", content.BundlePem());
  put("ca.key", content.authority.key);
  if (content.next.has_value()) {
    put("next-ca.crt", content.next->certificate);
    put("next-ca.key", content.next->key);
  }
  secret["data"] = std::move(data);
  if (IsOurSecret(secret)) return;
  Json& labels = secret["metadata"]["labels"];
  if (!labels.is_object()) labels = Json::object();
  labels[kLabel] = kOwner;
}

std::int64_t RenewalTime(const Validity& validity) {
  const std::int64_t lifetime = validity.not_after - validity.not_before - kClockSkewSeconds;
  return validity.not_after - lifetime / 3;
}

absl::StatusOr<CertificateSecret> BeginCertificates(const CertificateRequest& request, std::int64_t now,
                                                    const std::vector<std::string>& trusted) {
  absl::StatusOr<PemPair> authority = MakeAuthority(Validity::From(now, request.lifetime_seconds));
  if (!authority.ok()) return authority.status();
  absl::StatusOr<PemPair> serving = Issue(*authority, request.names, now);
  if (!serving.ok()) return serving.status();
  CertificateSecret content{.serving = *std::move(serving),
                            .authority = *authority,
                            .next = std::nullopt,
                            .bundle = {authority->certificate}};
  for (std::string& pem : Unexpired(trusted, now)) content.bundle.push_back(std::move(pem));
  return content;
}

absl::StatusOr<CertificateSecret> PrepareRotation(CertificateSecret content, const CertificateRequest& request,
                                                  std::int64_t now) {
  absl::StatusOr<PemPair> next = MakeAuthority(Validity::From(now, request.lifetime_seconds));
  if (!next.ok()) return next.status();
  content.bundle = Unexpired(content.bundle, now);
  content.bundle.insert(content.bundle.begin(), next->certificate);
  content.next = *std::move(next);
  return content;
}

absl::StatusOr<CertificateSecret> FinishRotation(CertificateSecret content, const CertificateRequest& request,
                                                 std::int64_t now) {
  if (!content.next.has_value()) return absl::FailedPreconditionError("there is no next CA");
  absl::StatusOr<PemPair> serving = Issue(*content.next, request.names, now);
  if (!serving.ok()) return serving.status();
  content.serving = *std::move(serving);
  content.authority = *std::move(content.next);
  content.next.reset();
  return content;
}

absl::StatusOr<std::optional<CertificateSecret>> AdvanceCertificates(const CertificateSecret& content,
                                                                     const CertificateRequest& request,
                                                                     std::int64_t now, bool next_is_trusted) {
  const auto done = [](absl::StatusOr<CertificateSecret> made) -> absl::StatusOr<std::optional<CertificateSecret>> {
    if (!made.ok()) return made.status();
    return std::optional<CertificateSecret>(*std::move(made));
  };
  // Nobody can have been served any more: there is nothing to be careful of.
  if (content.validity().not_after < now) return done(BeginCertificates(request, now, {}));
  const bool has_next = content.next.has_value() && now < RenewalTime(ValidityOfPem(content.next->certificate));
  if (has_next && next_is_trusted) return done(FinishRotation(content, request, now));
  if (!has_next && now >= RenewalTime(content.validity())) return done(PrepareRotation(content, request, now));
  std::vector<std::string> names = NamesOfPem(content.serving.certificate);
  bool is_lacking = false;
  for (const std::string& name : request.names) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    names.push_back(name);
    is_lacking = true;
  }
  if (!is_lacking) return std::nullopt;
  absl::StatusOr<PemPair> serving = Issue(content.authority, names, now);
  if (!serving.ok()) return serving.status();
  CertificateSecret reissued = content;
  reissued.serving = *std::move(serving);
  return std::optional<CertificateSecret>(std::move(reissued));
}

}  // namespace tidewaiter
