// SPDX-License-Identifier: Apache-2.0
//
// /webhooks/*/clientConfig/caBundle, the same in both kinds of configuration (admissionregistration.k8s.io/v1).
#include "webhook/cluster/ca_bundle.h"

#include <algorithm>
#include <set>

#include "absl/strings/escaping.h"
#include "webhook/kube/text.h"
#include "webhook/pki/certificate.h"
#include "webhook/pki/pem.h"

namespace tidewaiter {
namespace {

const Json kNoWebhooks = Json::array();

const Json& WebhooksOf(const Json& configuration) {
  const Json* webhooks = FindAt(configuration, {"webhooks"});
  return webhooks != nullptr && webhooks->is_array() ? *webhooks : kNoWebhooks;
}

}  // namespace

std::vector<std::string> CaBundlesOf(const Json& configuration) {
  std::vector<std::string> bundles;
  for (const Json& webhook : WebhooksOf(configuration)) {
    std::string& bundle = bundles.emplace_back();
    if (!absl::Base64Unescape(TextAt(webhook, {"clientConfig", "caBundle"}), &bundle)) bundle.clear();
  }
  return bundles;
}

bool HoldsBundle(const Json& configuration, std::string_view pem) {
  const std::vector<std::string> bundles = CaBundlesOf(configuration);
  return std::all_of(bundles.begin(), bundles.end(), [&](const std::string& bundle) { return bundle == pem; });
}

void SetCaBundle(Json& configuration, std::string_view pem) {
  if (WebhooksOf(configuration).empty()) return;
  const std::string encoded = absl::Base64Escape(ToAbsl(pem));
  for (Json& webhook : configuration["webhooks"]) {
    if (webhook.is_object() && webhook["clientConfig"].is_object()) webhook["clientConfig"]["caBundle"] = encoded;
  }
}

void TrustHistory::Note(const std::vector<std::string>& bundles, Time now) {
  std::set<std::string> in_all;
  our_authorities_.clear();
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    std::set<std::string> in_this;
    if (const auto parsed = ParseCertificates(bundles[i]); parsed.ok()) {
      for (const X509Ptr& authority : *parsed) {
        const std::string pem = WriteCertificate(authority.get());
        in_this.insert(pem);
        const bool is_known =
            std::find(our_authorities_.begin(), our_authorities_.end(), pem) != our_authorities_.end();
        if (IsOurAuthority(authority.get()) && !is_known) our_authorities_.push_back(pem);
      }
    }
    if (i == 0) in_all = in_this;
    std::erase_if(in_all, [&](const std::string& pem) { return !in_this.contains(pem); });
  }
  std::erase_if(since_, [&](const auto& entry) { return !in_all.contains(entry.first); });
  for (const std::string& pem : in_all) since_.try_emplace(pem, now);
  if (!bundles.empty()) {
    empty_since_.reset();
  } else if (!empty_since_.has_value()) {
    empty_since_ = now;
  }
}

std::optional<TrustHistory::Time> TrustHistory::TrustedSince(const std::string& authority_pem) const {
  if (empty_since_.has_value()) return empty_since_;
  const auto found = since_.find(authority_pem);
  return found == since_.end() ? std::nullopt : std::optional<Time>(found->second);
}

}  // namespace tidewaiter
