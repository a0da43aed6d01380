// SPDX-License-Identifier: Apache-2.0
//
// The settings of the control `resources`. Tested by tests/policy/policy_loader_test.cc and the control's fixtures.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "webhook/controls/base/settings_schema.h"
#include "webhook/kube/pod.h"

namespace tidewaiter {

// Resource names by list.
struct RequiredResources {
  std::vector<std::string> requests;
  std::vector<std::string> limits;
  static const SettingsSchema<RequiredResources>& Schema();
};

// Amounts by list and resource name.
struct ResourceAmounts {
  ResourceList requests;
  ResourceList limits;
  static const SettingsSchema<ResourceAmounts>& Schema();
};

struct ResourcesSettings {
  RequiredResources require;
  ResourceAmounts inject;
  ResourceAmounts maximum;
  ResourceList max_limit_request_ratio;
  // Refuses amounts that are negative, default requests above the default limit, and defaults beyond the bounds.
  static const SettingsSchema<ResourcesSettings>& Schema();
};

}  // namespace tidewaiter
