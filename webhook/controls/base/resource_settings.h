// SPDX-License-Identifier: Apache-2.0
//
// The settings of the control `resources`. Tested by tests/policy/policy_loader_test.cc and the control's fixtures.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "webhook/controls/base/settings_schema.h"
#include "webhook/kube/quantity.h"

namespace tidewaiter {

// Resource names by list.
struct RequiredResources {
  std::vector<std::string> requests;
  std::vector<std::string> limits;
  static const SettingsSchema<RequiredResources>& Schema();
};

// Amounts by resource name, which settings own (those of a Pod are ResourceList).
using NamedAmounts = std::map<std::string, Quantity, std::less<>>;

// Amounts by list and resource name.
struct ResourceAmounts {
  NamedAmounts requests;
  NamedAmounts limits;
  static const SettingsSchema<ResourceAmounts>& Schema();
};

struct ResourcesSettings {
  RequiredResources require;
  ResourceAmounts inject;
  ResourceAmounts maximum;
  NamedAmounts max_limit_request_ratio;
  // Refuses amounts that are negative, default requests above the default limit, and defaults beyond the bounds.
  static const SettingsSchema<ResourcesSettings>& Schema();
};

}  // namespace tidewaiter
