// SPDX-License-Identifier: Apache-2.0
//
// The volume types that Kubernetes has or had, for settings that name some: a misspelt one must not be a rule that
// never applies. Tested by tests/controls/settings_schema_test.cc.
#pragma once

#include <string_view>
#include <vector>

namespace tidewaiter {

// The fields of core/v1 VolumeSource as of Kubernetes 1.37, also those of plug-ins that are gone.
const std::vector<std::string_view>& VolumeSourceNames();

}  // namespace tidewaiter
