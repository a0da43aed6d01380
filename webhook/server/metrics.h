// SPDX-License-Identifier: Apache-2.0
//
// What Prometheus sees. Every label value comes from a closed set (or from the policies, which the operator wrote):
// never a name, namespace, image or message of a workload. metrics.cc is the only file that knows prometheus-cpp.
// Tested by tests/server/metrics_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "webhook/engine/decision.h"
#include "webhook/policy/policy_set.h"
#include "webhook/server/parked_server.h"

namespace tidewaiter {

// What is known of one kind of object of the cluster.
struct ClusterResourceState {
  std::string resource;                          // plural, lower case: "namespaces"
  std::optional<std::chrono::milliseconds> age;  // since the API server was last heard of; nullopt = never yet
  std::uint64_t errors = 0;                      // lists and watches that failed, so far
};
struct ClusterState {
  std::vector<ClusterResourceState> resources;
  bool is_leader = false;  // whether this process writes the status of policies
};

// Thread safe. Reviews with dryRun are counted like all others: a counter is no side effect on the cluster.
class Metrics {
 public:
  explicit Metrics(std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // A decision, and how long it took from the request's first byte.
  void CountDecision(const Decision& decision, std::chrono::nanoseconds duration);
  // Something that was not a decision, or a certificate that could not be reloaded or renewed: errors_total{reason}.
  // Reasons outside the closed set count as "other".
  void CountError(std::string_view reason);
  // policy_reloads_total{result}: "success" or "failure".
  void CountReload(bool is_good);
  // These policies are in force since `now`: policies_loaded, policy_controls, exemption_expiry_timestamp_seconds (of
  // them and no others) and policy_last_change_timestamp_seconds. Times are seconds since 1970.
  void SetPolicies(const PolicySet& policies, std::int64_t now);
  // policies_invalid{source="files"}: whether they can be loaded as they are now.
  void SetFilesInvalid(bool is_invalid);
  // policies_invalid{source="resources"}.
  void SetInvalidResources(std::size_t count);
  void SetCertificateValidity(std::int64_t not_before, std::int64_t not_after);
  // process_restarts_total: how often the serving process was started anew before this one. Called once.
  void SetRestarts(std::uint64_t count);
  // Asked at each scrape.
  void SetConnectionSource(std::function<ConnectionCounts()> source);
  void SetClusterSource(std::function<ClusterState()> source);

  // findings_total so far by policy and name of the mode.
  std::map<std::pair<std::string, std::string>, std::uint64_t> CountFindings() const;

  // The text exposition format 0.0.4.
  std::string Render() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace tidewaiter
