// SPDX-License-Identifier: Apache-2.0
//
// `scan --cluster`: what runs, judged as manifests are. Each workload is written as YAML and scanned like a file, so
// that findings look alike; lines of a text that nobody has are not told. Tested by
// tests/cluster/scan_cluster_test.py.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "webhook/cli/cluster_options.h"
#include "webhook/cli/command_line.h"
#include "webhook/cli/scan/scanner.h"
#include "webhook/cluster/api_client.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

class ClusterScan {
 public:
  // nullptr without --cluster; otherwise as LoadClusterConfig.
  static absl::StatusOr<std::unique_ptr<ClusterScan>> Open(const ClusterOptions& options);

  // Those of the files, or, where none are given, the resources of the cluster; the built-in policy where it has no
  // definition of them. Says on `context` which, and what of them is not in force.
  absl::StatusOr<std::shared_ptr<const PolicySet>> Policies(const std::vector<std::string>& paths,
                                                            CommandContext& context);

  // Of the file, or, where none is given, of the cluster.
  absl::StatusOr<std::shared_ptr<const FixedNamespaces>> Namespaces(const std::string& path);

  // A ScanFile for each namespace with workloads; of one namespace only when it is named.
  ScanReport Scan(const Scanner& scanner, const std::vector<WorkloadRow>& rows, const std::string& namespace_name,
                  CommandContext& context);

 private:
  explicit ClusterScan(ClusterConfig config) : client_(std::move(config)) {}
  ApiClient client_;
};

}  // namespace tidewaiter
