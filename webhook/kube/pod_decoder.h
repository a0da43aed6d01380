// SPDX-License-Identifier: Apache-2.0
//
// Reads a Pod from JSON: the object itself, or the template inside another workload. Refuses what cannot be read;
// judges nothing. Tested by tests/kube/pod_decoder_test.cc.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "webhook/kube/json.h"
#include "webhook/kube/pod.h"

namespace tidewaiter {

// Decodes `value` (a core/v1 Pod or PodTemplateSpec), which stands at `pointer` (JSON pointer). Absent and null are the
// same. InvalidArgument, with the field path and the type expected, for a field of a wrong type, a container without
// name or image, a volume with two sources, a bad quantity, a field given twice, a missing spec.
absl::StatusOr<Pod> DecodePod(JsonValue value, std::string_view pointer = "");

}  // namespace tidewaiter
