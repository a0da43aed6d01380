// SPDX-License-Identifier: Apache-2.0
//
// What `serve --cluster` does with the API server: policies and namespaces come from it, and the status of policies
// goes to it. Ties the folders cluster and server together, which do not know each other. Tested by
// tests/cluster/policy_resource_test.py.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "webhook/cli/recent_findings.h"
#include "webhook/cluster/leader_lease.h"
#include "webhook/cluster/namespace_watch.h"
#include "webhook/cluster/policy_status.h"
#include "webhook/cluster/policy_watch.h"
#include "webhook/server/webhook_server.h"

namespace tidewaiter {

// Losing the API server stops nothing: what it said last holds, and everything is tried again.
class ClusterPolicies {
 public:
  // `lease` is NAMESPACE/NAME, or empty for `tidewaiter` in our own namespace. InvalidArgument when it is neither.
  // Connects to nothing yet.
  static absl::StatusOr<std::unique_ptr<ClusterPolicies>> Make(ClusterConfig config, const std::string& lease);
  ~ClusterPolicies() { Stop(); }

  // Has the server ask this, which must outlive it, for namespaces and readiness.
  void Prepare(ServeOptions& options);
  // Once the server, which must live until Stop, has started.
  void Start(WebhookServer& server);
  // Ends all threads and gives the lease back.
  void Stop();

  // Why reviews cannot be judged yet; "" when they can.
  std::string Readiness() const;

 private:
  ClusterPolicies(ClusterConfig config, LeaderLeaseOptions lease);
  // A reflector's options that has its failures logged: the first of each sort as a warning.
  ReflectorOptions Watched(const std::string& resource);
  void Say(const std::string& what, const absl::Status& why);
  void ForgetFailures(const std::string& what);
  void ApplyChanges();
  void WriteStatuses();
  void WriteStatus(RecentFindings& findings);
  ClusterState State() const;

  ApiClient client_;
  NamespaceWatch namespaces_;
  PolicyWatch policies_;
  LeaderLease lease_;
  PolicyStatusWriter status_writer_;
  Cancellation cancellation_;
  WebhookServer* server_ = nullptr;  // between Start and Stop
  std::atomic<bool> has_policies_ = false;
  std::mutex said_mutex_;
  std::map<std::string, absl::StatusCode> said_;  // what failed, and how it was said to last
  std::thread applier_, status_thread_;
};

}  // namespace tidewaiter
