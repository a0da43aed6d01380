// SPDX-License-Identifier: Apache-2.0
//
// What the control `resources` asks of one container, or of the Pod itself. Tested by the control's fixtures and
// tests/engine/ratchet_test.cc.
#pragma once

#include "webhook/controls/base/finding.h"
#include "webhook/controls/base/resource_settings.h"
#include "webhook/kube/pod.h"

namespace tidewaiter {

// One finding for each amount of the container that is required and not given, above its maximum, or a limit out of
// proportion to its request. Ephemeral containers are the caller's to leave out.
void CheckContainerResources(const Pod& pod, const Container& container, const ResourcesSettings& settings,
                             Findings& findings);

// The same for spec.resources, of which nothing is required.
void CheckPodResources(const Pod& pod, const ResourcesSettings& settings, Findings& findings);

}  // namespace tidewaiter
