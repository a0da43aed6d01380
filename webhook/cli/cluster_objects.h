// SPDX-License-Identifier: Apache-2.0
//
// What a running cluster has, for commands that look once: workloads page by page and one at a time, the labels of
// namespaces, the policies that are resources. Tested by tests/cli/cluster_objects_test.cc and, on a real API server,
// tests/cluster/scan_cluster_test.py.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/cli/cluster_progress.h"
#include "webhook/cluster/api_client.h"
#include "webhook/policy/namespaces.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// A workload of the cluster, valid during the call that it is given to.
struct ClusterObject {
  std::string group, version, kind, resource, namespace_name, name;
  Json object;  // with apiVersion and kind; without status and what only the API server writes
};

struct ClusterWorkloads {
  std::size_t judged = 0;
  std::size_t owned = 0;  // made by a workload that is judged itself: passed over
  std::vector<std::string> problems;
};

// Calls `visit` for each workload of the built-in kinds and of those of `rows`, in all namespaces or in one. At no time
// is more than a page in memory. A kind that cannot be listed is a problem; one that the API server does not have is
// none.
ClusterWorkloads ForEachClusterWorkload(ApiClient& client, const std::vector<WorkloadRow>& rows,
                                        const std::string& namespace_name, ClusterProgress& progress,
                                        const std::function<void(const ClusterObject&)>& visit);

// The labels of every namespace.
absl::StatusOr<std::shared_ptr<const FixedNamespaces>> ReadClusterNamespaces(ApiClient& client);

struct FoundPolicies {
  std::shared_ptr<const PolicySet> policies;
  bool has_definition = true;         // the cluster knows PodPolicy at all
  std::vector<std::string> problems;  // resources that cannot be loaded, and so are not in force
};
absl::StatusOr<FoundPolicies> ReadClusterPolicies(ApiClient& client);

}  // namespace tidewaiter
