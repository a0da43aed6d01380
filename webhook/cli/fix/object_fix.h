// SPDX-License-Identifier: Apache-2.0
//
// What one object should become: what the webhook would inject, and the findings that have one remedy only. JSON to
// JSON; fixer.h writes it into the text. Tested by tests/cli/fix/fixer_test.cc.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/status/statusor.h"
#include "webhook/engine/respond.h"
#include "webhook/kube/admission_review.h"

namespace tidewaiter {

// `request` asks for `object` to be created; its own object is not looked at. With `overwrites` also what stands there
// already gives way to the one value that is allowed; without, somebody wrote it on purpose. Fixing the result changes
// nothing. The order of `object` stays. Internal when that fails, which is a mistake of ours.
absl::StatusOr<nlohmann::ordered_json> FixObject(const AdmissionRequest& request, const ReviewContext& context,
                                                 bool overwrites, nlohmann::ordered_json object);

}  // namespace tidewaiter
