// SPDX-License-Identifier: Apache-2.0
//
// Loops over globs.
#include "webhook/controls/base/globs.h"

#include <algorithm>

#include "webhook/kube/glob.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

bool MatchesAny(const std::vector<std::string>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return GlobMatches(glob, text); });
}

std::string_view WhyNotAllowed(const std::vector<std::string>& allowed, const std::vector<std::string>& denied,
                               std::string_view name) {
  if (MatchesAny(denied, name)) return "it is denied";
  if (!allowed.empty() && !MatchesAny(allowed, name)) return "it matches none of the allowed patterns";
  return {};
}

absl::Status CheckGlob(const std::string& glob) { return ValidateGlob(glob); }

}  // namespace tidewaiter
