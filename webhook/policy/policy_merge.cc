// SPDX-License-Identifier: Apache-2.0
//
// Each resource is read by itself; then what only all together can tell: names that files have, kinds that nobody's
// rows explain.
#include "webhook/policy/policy_merge.h"

#include <optional>
#include <utility>

#include "webhook/kube/json.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_resource.h"

namespace tidewaiter {
namespace {

// A resource on its way into the set: its newest version while that is good, else the last good one, else none.
struct Candidate {
  std::optional<PolicyParts> parts;
  bool is_newest = false;
};

const Policy* FindPolicy(const PolicyParts& parts, std::string_view name) {
  for (const Policy& policy : parts.policies) {
    if (policy.name == name) return &policy;
  }
  return nullptr;
}

// What is wrong with it; "" when nothing is.
std::string Read(const PolicyResource& resource, PolicyParts& parts) {
  const absl::StatusOr<JsonDocument> parsed = JsonDocument::Parse(*resource.text);
  const absl::StatusOr<DocumentNode> document =
      parsed.ok() ? PolicyDocumentOf(parsed->root()) : absl::StatusOr<DocumentNode>(parsed.status());
  if (!document.ok()) return StrCat("podpolicy/", resource.name, ": ", MessageOf(document.status()));
  PolicyErrors errors;
  ReadPolicy(*document, parts, errors);
  return errors.is_empty() ? std::string() : std::string(MessageOf(errors.ToStatus()));
}

void AddRows(const PolicyParts& from, PolicyParts& to) {
  for (const WorkloadRow& row : from.workloads) {
    if (to.known_workloads.insert(row).second) to.workloads.push_back(row);
  }
}

// Lets policies that ask the same of a control have its settings once: a cluster of many teams has many copies of a few
// policies.
class SharedSettings {
 public:
  void Share(std::vector<Policy>& policies) {
    for (Policy& policy : policies) {
      for (AppliedControl& applied : policy.controls) {
        applied.settings =
            settings_.emplace(std::pair(applied.control, applied.fingerprint), applied.settings).first->second;
      }
    }
  }

 private:
  std::map<std::pair<const Control*, std::string>, ControlSettings> settings_;
};

}  // namespace

MergedPolicies PolicyMerger::Merge() {
  MergedPolicies merged;
  std::vector<Candidate> candidates(resources_.size());
  std::map<std::string, Version> kept;
  const auto fail = [&](std::size_t i, std::string why) {
    const auto good = last_good_.find(resources_[i].name);
    const bool has_good = good != last_good_.end() && good->second.uid == resources_[i].uid;
    candidates[i] = {.parts = has_good ? std::optional(good->second.parts) : std::nullopt, .is_newest = false};
    merged.outcomes[i].state = ResourceOutcome::State::kInvalid;
    merged.outcomes[i].error = std::move(why);
    merged.outcomes[i].keeps_last_good = has_good;
  };
  for (std::size_t i = 0; i < resources_.size(); ++i) {
    const PolicyResource& resource = resources_[i];
    ResourceOutcome& outcome = merged.outcomes.emplace_back();
    outcome.name = resource.name;
    outcome.uid = resource.uid;
    outcome.generation = resource.generation;
    if (const Policy* const file = FindPolicy(files_, resource.name); file != nullptr) {
      outcome.state = ResourceOutcome::State::kShadowed;
      outcome.error = StrCat("podpolicy/", resource.name, ": not in force: the policy at ", file->source,
                             " has the same name and wins");
      continue;
    }
    const auto known = last_good_.find(resource.name);
    if (known != last_good_.end() && known->second.uid == resource.uid && *known->second.text == *resource.text) {
      candidates[i] = {.parts = known->second.parts, .is_newest = true};
      continue;
    }
    candidates[i] = {.parts = PolicyParts(), .is_newest = true};
    if (std::string why = Read(resource, *candidates[i].parts); !why.empty()) fail(i, std::move(why));
  }
  // A version that falls takes its rows with it, which may explain the kinds of another one.
  PolicyParts all;
  for (bool has_fallen = true; has_fallen;) {
    has_fallen = false;
    all = files_;
    for (const Candidate& candidate : candidates) {
      if (candidate.parts.has_value()) AddRows(*candidate.parts, all);
    }
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (!candidates[i].is_newest) continue;
      PolicyErrors errors;
      CheckKinds(*candidates[i].parts, all.workloads, errors);
      if (errors.is_empty()) continue;
      fail(i, std::string(MessageOf(errors.ToStatus())));
      has_fallen = true;
    }
  }
  SharedSettings settings;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    Candidate& candidate = candidates[i];
    if (!candidate.parts.has_value()) continue;
    settings.Share(candidate.parts->policies);
    for (const Policy& policy : candidate.parts->policies) {
      merged.outcomes[i].controls = policy.controls.size();
      all.policies.push_back(policy);
    }
    kept[resources_[i].name] = {
        .parts = *std::move(candidate.parts),
        .uid = resources_[i].uid,
        .text = candidate.is_newest ? resources_[i].text : last_good_.at(resources_[i].name).text};
  }
  last_good_ = std::move(kept);
  merged.policies = std::make_shared<const PolicySet>(std::move(all.policies), std::move(all.workloads));
  return merged;
}

}  // namespace tidewaiter
