// SPDX-License-Identifier: Apache-2.0
//
// The name alone would not do: a user may give it to anything.
#include "webhook/controls/base/service_account_tokens.h"

#include <algorithm>

namespace tidewaiter {

bool HoldsApiServerToken(const Volume& volume) {
  if (!volume.projected.has_value()) return false;
  const auto& sources = volume.projected->sources;
  return std::any_of(sources.begin(), sources.end(), [](const VolumeProjection& source) {
    const auto& token = source.service_account_token;
    return token.has_value() && token->audience.value_or("").empty();
  });
}

bool IsAutomaticTokenVolume(const Volume& volume) {
  constexpr std::string_view kPrefix = "kube-api-access-";
  constexpr std::size_t kRandomCharacters = 5;
  return volume.name.starts_with(kPrefix) && volume.name.size() == kPrefix.size() + kRandomCharacters &&
         HoldsApiServerToken(volume);
}

}  // namespace tidewaiter
