// SPDX-License-Identifier: Apache-2.0
//
// The amounts under `resources` of a container or a Pod, as the checks and the defaults of the control `resources` read
// them. Tested by tests/controls/resource_defaults_test.cc and the control's fixtures.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "webhook/kube/pod.h"

namespace tidewaiter {

using AmountList = ResourceList ResourceRequirements::*;
inline constexpr AmountList kRequests = &ResourceRequirements::requests;
inline constexpr AmountList kLimits = &ResourceRequirements::limits;

// The amount of one list of one owner (container or Pod), or nullptr when it is not set.
const Quantity* AmountOf(const std::optional<ResourceRequirements>& resources, AmountList list,
                         std::string_view resource);

// What the API server makes of it: a request that is not set is the limit (core/v1 SetDefaults_Pod).
const Quantity* EffectiveAmount(const std::optional<ResourceRequirements>& resources, AmountList list,
                                std::string_view resource);

// "requests", "limits".
std::string_view ListName(AmountList list);

// "/resources/limits/memory".
std::string ResourceField(AmountList list, std::string_view resource);

// `amount` times `ratio`, rounded down to what Kubernetes takes of that resource (a thousandth of a cpu, a byte) and
// written as shortly as it can be: 20Mi times 8 is 160Mi. nullopt when the product is beyond 2^63 of those: no default
// needs to be cut down to that.
std::optional<Quantity> MultiplyDown(const Quantity& amount, const Quantity& ratio, std::string_view resource);

}  // namespace tidewaiter
