// SPDX-License-Identifier: Apache-2.0
//
// What the control `resources` sets where a container sets nothing. Tested by tests/controls/resource_defaults_test.cc
// and the control's fixtures.
#pragma once

#include <cstddef>

#include "webhook/controls/base/editor.h"
#include "webhook/controls/base/resource_settings.h"

namespace tidewaiter {

// Sets the requests and limits of settings.inject that the container at `index` lacks, each made to fit what is there
// and the policy's own bounds; one that cannot be made to fit is not set. What is set is never itself a violation of
// `settings`.
void InjectResources(std::size_t index, const ResourcesSettings& settings, Editor& editor);

}  // namespace tidewaiter
