// SPDX-License-Identifier: Apache-2.0
//
// Reads a Pod from JSON: the object itself, or the template inside another workload. Refuses what cannot be read;
// judges nothing. Tested by tests/kube/pod_decoder_test.cc.
#pragma once

#include "absl/status/statusor.h"
#include "webhook/kube/field_table.h"
#include "webhook/kube/pod.h"

namespace tidewaiter {

// Decodes `value` (a core/v1 Pod or PodTemplateSpec) at `path`. Absent and null are the same. InvalidArgument, with the
// field path and the type expected, for a field of a wrong type, a container without name or image, a volume with two
// sources, a bad quantity, a field given twice, a missing spec.
absl::StatusOr<Pod> DecodePod(JsonValue value, const JsonPath& path);

}  // namespace tidewaiter
