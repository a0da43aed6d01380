// SPDX-License-Identifier: Apache-2.0
//
// The policies in force: those of files and those of the cluster, put together anew when either changes, with what
// became of each in log and metrics. Tested by tests/server/policy_store_test.cc.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "webhook/policy/policy_merge.h"
#include "webhook/policy/policy_set.h"
#include "webhook/server/log.h"
#include "webhook/server/metrics.h"

namespace tidewaiter {

// Thread safe.
class PolicyStore {
 public:
  // Both outlive the store. Nothing is in force until something is set.
  PolicyStore(Metrics& metrics, const Log& log) : metrics_(metrics), log_(log) {}

  // From now on `policies_for_reviews` waits for the first SetResources.
  void ExpectResources() { expects_resources_ = true; }

  // The set in force; nullptr as long as resources are expected that have not come, for without them too much would be
  // allowed. Reviews under way finish with the set they began with.
  std::shared_ptr<const PolicySet> policies_for_reviews() const;
  // The same, whether it is complete or not.
  std::shared_ptr<const PolicySet> policies() const;

  // Replaces everything at once, until the next of the two below.
  void SetPolicies(std::shared_ptr<const PolicySet> policies);
  // Of files, found good by ReadPolicyFiles.
  void SetFiles(PolicyParts files);
  // All that the cluster has now. What is not good stays out, or as it was when it last was good; it is logged, and
  // counted in policy_reloads_total, once.
  void SetResources(std::vector<PolicyResource> resources);

  // What became of the resources, with the files there are now.
  std::vector<ResourceOutcome> outcomes() const;

 private:
  void Merge();
  // Logs and counts what is not as it was.
  void Tell(const std::vector<ResourceOutcome>& outcomes, const std::vector<ResourceOutcome>& before);

  Metrics& metrics_;
  const Log& log_;
  std::mutex change_mutex_;  // taken before mutex_
  PolicyMerger merger_;
  mutable std::mutex mutex_;
  std::atomic<bool> expects_resources_ = false;
  std::shared_ptr<const PolicySet> policies_ = std::make_shared<const PolicySet>();
  std::vector<ResourceOutcome> outcomes_;
};

}  // namespace tidewaiter
