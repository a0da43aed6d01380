// SPDX-License-Identifier: Apache-2.0
//
// Lists of names and globs in settings, and the rule of every control that takes allowed and denied names. What a glob
// is says kube/glob.h. Tested by tests/controls/globs_test.cc.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace tidewaiter {

// Whether `name` is one of the names.
template <typename Text>
bool Holds(const std::vector<Text>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether `text` fits one of the globs.
bool MatchesAny(const std::vector<std::string>& globs, std::string_view text);

// "" when the name may be used; otherwise why not, as the end of a sentence: "it is denied", "it matches none of the
// allowed patterns". `denied` wins; an empty `allowed` allows every name.
std::string_view WhyNotAllowed(const std::vector<std::string>& allowed, const std::vector<std::string>& denied,
                               std::string_view name);

// InvalidArgument for what is no glob (see ValidateGlob): the rule of a field that is a list of them.
absl::Status CheckGlob(const std::string& glob);

}  // namespace tidewaiter
