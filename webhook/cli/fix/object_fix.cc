// SPDX-License-Identifier: Apache-2.0
//
// Until nothing changes any more: one fix may make room for another.
#include "webhook/cli/fix/object_fix.h"

#include <algorithm>
#include <string>

#include "webhook/kube/json.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using OrderedJson = nlohmann::ordered_json;

// A fix makes room for one more at most; this is never reached.
constexpr int kMostRounds = 16;

// Whether anything changed.
bool ApplyFix(const Finding& finding, bool overwrites, OrderedJson& object) {
  const OrderedJson value = OrderedJson::parse(finding.fix);
  OrderedJson& place =
      object[OrderedJson::json_pointer(finding.pointer)];  // made, with what is above it, where it is not there
  if (value.is_array() && (place.is_null() || place.is_array())) {
    bool is_changed = false;
    for (const OrderedJson& element : value) {
      if (place.is_array() && std::find(place.begin(), place.end(), element) != place.end()) continue;
      place.push_back(element);
      is_changed = true;
    }
    return is_changed;
  }
  if (place == value || (!place.is_null() && !overwrites)) return false;
  place = value;
  return true;
}

// One round; whether anything changed.
absl::StatusOr<bool> Improve(AdmissionRequest request, const ReviewContext& context, bool overwrites,
                             OrderedJson& object) {
  const std::string text = object.dump();
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
  if (!document.ok()) return document.status();
  request.object = document->root();
  const Decision mutated = MutateObject(request, context);
  if (!mutated.patch.empty()) {
    object = object.patch(OrderedJson::parse(mutated.patch));
    return true;
  }
  const Decision judged = JudgeObject(request, context);
  bool is_changed = false;
  for (const JudgedFinding& found : judged.findings) {
    if (found.is_exempt() || found.finding->fix.empty()) continue;
    is_changed |= ApplyFix(*found.finding, overwrites, object);
  }
  return is_changed;
}

}  // namespace

absl::StatusOr<OrderedJson> FixObject(const AdmissionRequest& request, const ReviewContext& context, bool overwrites,
                                      OrderedJson object) {
  try {
    for (int round = 0; round < kMostRounds; ++round) {
      const absl::StatusOr<bool> is_changed = Improve(request, context, overwrites, object);
      if (!is_changed.ok()) return is_changed.status();
      if (!*is_changed) return object;
    }
    return absl::InternalError("its fixes undo each other");
  } catch (const nlohmann::json::exception& error) {
    return absl::InternalError(StrCat("what is injected does not fit: ", error.what()));
  }
}

}  // namespace tidewaiter
