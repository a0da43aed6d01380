// SPDX-License-Identifier: Apache-2.0
//
// Reads the object as a document, and the set as it would be with it.
#include "webhook/engine/policy_door.h"

#include <algorithm>
#include <utility>

#include "webhook/engine/message_limits.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_crd.h"
#include "webhook/policy/policy_reader.h"
#include "webhook/policy/policy_resource.h"
#include "webhook/policy/policy_warnings.h"

namespace tidewaiter {
namespace {

bool IsBeingDeleted(JsonValue object) {
  const std::optional<JsonValue> metadata = object.Find("metadata");
  const std::optional<JsonValue> time = metadata.has_value() ? metadata->Find("deletionTimestamp") : std::nullopt;
  return time.has_value() && !time->is_null();
}

// An update of labels, annotations or finalizers.
bool LeavesSpec(const AdmissionRequest& request) {
  if (request.operation != "UPDATE" || !request.old_object.has_value()) return false;
  const std::optional<JsonValue> now = request.object->Find("spec");
  const std::optional<JsonValue> old = request.old_object->Find("spec");
  if (!now.has_value() || !old.has_value()) return now.has_value() == old.has_value();
  const absl::StatusOr<DocumentNode> new_spec = DocumentFromJson(*now, "");
  const absl::StatusOr<DocumentNode> old_spec = DocumentFromJson(*old, "");
  return new_spec.ok() && old_spec.ok() && SaySame(*new_spec, *old_spec);
}

// `kubectl apply` of a change takes a null for "remove this key" (RFC 7386), so a control written that way comes with
// the first apply and is not there any more after the second.
void WarnOfNull(const DocumentNode& document, std::string_view name, std::vector<std::string>& warnings) {
  const DocumentNode* const spec = document.Find("spec");
  const DocumentNode* const controls = spec == nullptr ? nullptr : spec->Find("controls");
  if (controls == nullptr) return;
  for (const auto& [key, value] : controls->entries) {
    if (value.kind != DocumentNode::Kind::kNull) continue;
    warnings.push_back(StrCat("podpolicy/", name, ": ", value.path, ": write {} for its defaults: kubectl apply drops ",
                              "keys with nothing behind them when it changes an object"));
  }
}

// What the policy is at odds with: the warnings that the set has with it and would not have without it.
void WarnOfOdds(PolicyParts parts, const PolicySet& policies, Date today, std::vector<std::string>& warnings) {
  std::vector<Policy> others = policies.policies();
  std::erase_if(others, [&](const Policy& policy) { return policy.name == parts.policies.front().name; });
  const std::vector<std::string> before = FindPolicyWarnings(PolicySet(others), today);
  others.push_back(std::move(parts.policies.front()));
  for (std::string& warning : FindPolicyWarnings(PolicySet(std::move(others)), today)) {
    if (std::find(before.begin(), before.end(), warning) == before.end()) warnings.push_back(std::move(warning));
  }
}

}  // namespace

bool IsPolicyKind(const GroupVersionKind& kind) { return kind.group == kPolicyGroup && kind.kind == kPolicyKind; }

absl::Status JudgePolicy(const AdmissionRequest& request, const PolicySet& policies, Date today, Decision& decision) {
  decision.outcome = Outcome::kAllow;
  const bool is_write = request.operation == "CREATE" || request.operation == "UPDATE";
  if (!is_write || !request.subresource.empty()) return absl::OkStatus();
  if (!request.object.has_value()) return InvalidArgument("object: required: expected a PodPolicy");
  if (IsBeingDeleted(*request.object) || LeavesSpec(request)) return absl::OkStatus();
  const absl::StatusOr<DocumentNode> document = PolicyDocumentOf(*request.object);
  if (!document.ok()) return document.status();
  PolicyParts parts;
  PolicyErrors errors;
  ReadPolicy(*document, parts, errors);
  std::vector<WorkloadRow> rows = policies.workloads();
  rows.insert(rows.end(), parts.workloads.begin(), parts.workloads.end());
  CheckKinds(parts, rows, errors);
  if (!errors.is_empty()) return errors.ToStatus();
  const std::string name = parts.policies.front().name;
  std::vector<std::string> warnings;
  for (const Policy& policy : policies.policies()) {
    if (policy.name != name || policy.source == StrCat("podpolicy/", name)) continue;
    warnings.push_back(StrCat("podpolicy/", name, ": will not be in force: the policy at ", policy.source,
                              " has the same name and wins"));
  }
  WarnOfNull(*document, name, warnings);
  WarnOfOdds(std::move(parts), policies, today, warnings);
  std::size_t bytes = 0;
  for (std::string& warning : warnings) {
    warning = Shorten(WithoutControlCharacters(std::move(warning)), kMaxWarningBytes);
    if ((bytes += warning.size()) > kMaxWarningsBytes) break;
    decision.warnings.push_back(std::move(warning));
  }
  if (!decision.warnings.empty()) decision.outcome = Outcome::kWarn;
  return absl::OkStatus();
}

}  // namespace tidewaiter
