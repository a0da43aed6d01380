// SPDX-License-Identifier: Apache-2.0
//
// The caBundle of webhook configurations: what is in them, what should be, and since when callers have trusted a CA.
// Reading and writing the configurations is certificate_manager.h's business. Tested by
// tests/cluster/ca_bundle_test.cc.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/cluster/json_text.h"

namespace tidewaiter {

// The bundle of each webhook of a configuration, as PEM text; "" for none and for what is no base64.
std::vector<std::string> CaBundlesOf(const Json& configuration);

// Whether every webhook of it has exactly this bundle.
bool HoldsBundle(const Json& configuration, std::string_view pem);

// Puts the bundle into every webhook of it.
void SetCaBundle(Json& configuration, std::string_view pem);

// Which CAs all webhooks trust, and since when. Not thread safe.
class TrustHistory {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // What all webhooks have now.
  void Note(const std::vector<std::string>& bundles, Time now);

  // Since when the CA (PEM, one certificate as WriteCertificate writes it) has been in all of them without a break;
  // nullopt when it is not. Without any webhook nobody calls, and everything is trusted since then.
  std::optional<Time> TrustedSince(const std::string& authority_pem) const;

  // The CAs of any webhook that were made by MakeAuthority.
  const std::vector<std::string>& our_authorities() const { return our_authorities_; }

 private:
  std::map<std::string, Time> since_;
  std::optional<Time> empty_since_;
  std::vector<std::string> our_authorities_;
};

}  // namespace tidewaiter
