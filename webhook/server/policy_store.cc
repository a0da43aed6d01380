// SPDX-License-Identifier: Apache-2.0
//
// Every change merges everything: policies are few, and a set is immutable.
#include "webhook/server/policy_store.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <utility>

#include "webhook/kube/text.h"

namespace tidewaiter {

std::shared_ptr<const PolicySet> PolicyStore::policies() const {
  const std::lock_guard lock(mutex_);
  return policies_;
}

std::shared_ptr<const PolicySet> PolicyStore::policies_for_reviews() const {
  return expects_resources_ ? nullptr : policies();
}

std::vector<ResourceOutcome> PolicyStore::outcomes() const {
  const std::lock_guard lock(mutex_);
  return outcomes_;
}

void PolicyStore::SetPolicies(std::shared_ptr<const PolicySet> policies) {
  metrics_.SetPolicies(*policies, std::time(nullptr));
  const std::lock_guard lock(mutex_);
  policies_.swap(policies);
}

void PolicyStore::SetFiles(PolicyParts files) {
  const std::lock_guard lock(change_mutex_);
  merger_.SetFiles(std::move(files));
  Merge();
}

void PolicyStore::SetResources(std::vector<PolicyResource> resources) {
  const std::lock_guard lock(change_mutex_);
  merger_.SetResources(std::move(resources));
  Merge();
  expects_resources_ = false;
}

void PolicyStore::Merge() {
  MergedPolicies merged = merger_.Merge();
  SetPolicies(std::move(merged.policies));
  Tell(merged.outcomes, outcomes());
  const auto invalid =
      std::count_if(merged.outcomes.begin(), merged.outcomes.end(),
                    [](const ResourceOutcome& outcome) { return outcome.state == ResourceOutcome::State::kInvalid; });
  metrics_.SetInvalidResources(static_cast<std::size_t>(invalid));
  const std::lock_guard lock(mutex_);
  outcomes_ = std::move(merged.outcomes);
}

void PolicyStore::Tell(const std::vector<ResourceOutcome>& outcomes, const std::vector<ResourceOutcome>& before) {
  std::map<std::string_view, const ResourceOutcome*> old;
  for (const ResourceOutcome& outcome : before) old.emplace(outcome.name, &outcome);
  for (const ResourceOutcome& outcome : outcomes) {
    const auto found = old.find(outcome.name);
    const bool is_told = found != old.end() && *found->second == outcome;
    if (found != old.end()) old.erase(found);
    if (is_told) continue;
    const bool is_good = outcome.state == ResourceOutcome::State::kApplied;
    metrics_.CountReload(is_good);
    if (is_good) {
      log_.Write(LogLevel::kInfo, "policy resource in force",
                 {{"policy", outcome.name},
                  {"generation", StrCat(outcome.generation)},
                  {"controls", StrCat(outcome.controls)}});
    } else {
      log_.Write(LogLevel::kError,
                 outcome.keeps_last_good ? "policy resource not taken: its last good version stays in force"
                                         : "policy resource not in force",
                 {{"policy", outcome.name}, {"generation", StrCat(outcome.generation)}, {"error", outcome.error}});
    }
  }
  for (const auto& [name, outcome] : old) {
    metrics_.CountReload(true);
    log_.Write(LogLevel::kInfo, "policy resource deleted", {{"policy", outcome->name}});
  }
}

}  // namespace tidewaiter
