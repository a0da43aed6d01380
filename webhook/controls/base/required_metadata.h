// SPDX-License-Identifier: Apache-2.0
//
// Labels and annotations that a Pod must have: what required-labels and required-annotations share. Tested by the
// fixtures of both.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "webhook/controls/base/finding.h"

namespace tidewaiter {

// Key to the globs of which its value must fit one; none: any value but the empty one.
using RequiredMetadata = std::map<std::string, std::vector<std::string>, std::less<>>;

// InvalidArgument when nothing is required, or for the first key that is none (labels and annotations have the same
// syntax) or glob that is none.
absl::Status CheckRequiredMetadata(const RequiredMetadata& required);

// One finding for each key that is missing, or has a value that is not allowed. `kind` is "label" or "annotation".
void CheckMetadata(const TextMap<std::string_view>& metadata, std::string_view kind, const RequiredMetadata& required,
                   Findings& findings);

}  // namespace tidewaiter
