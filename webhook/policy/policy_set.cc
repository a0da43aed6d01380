// SPDX-License-Identifier: Apache-2.0
//
// Matching a workload against spec.match.
#include "webhook/policy/policy_set.h"

#include <algorithm>

#include "webhook/kube/glob.h"

namespace tidewaiter {

bool Match::Holds(const MatchSubject& subject) const {
  const auto is_any = [&](const std::vector<std::string>& globs) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const std::string& glob) { return GlobMatches(glob, subject.namespace_name); });
  };
  if (is_any(exclude_namespaces)) return false;
  if (!include_namespaces.empty() && !is_any(include_namespaces)) return false;
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), subject.kind) != kinds.end();
}

}  // namespace tidewaiter
