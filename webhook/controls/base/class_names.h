// SPDX-License-Identifier: Apache-2.0
//
// A field of the Pod that names a class: what priority-class and runtime-class share. Tested by the fixtures of both.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/controls/base/finding.h"

namespace tidewaiter {

// Which names a class may have; see WhyNotAllowed in globs.h.
struct ClassNames {
  const std::vector<std::string>& allowed;
  const std::vector<std::string>& denied;
  bool is_required;
};

// One finding when `name`, the Pod's field `field`, is not allowed, or not set and required.
void CheckClassName(std::string_view field, std::optional<std::string_view> name, const ClassNames& names,
                    Findings& findings);

}  // namespace tidewaiter
