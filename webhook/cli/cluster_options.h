// SPDX-License-Identifier: Apache-2.0
//
// `--cluster`, `--kubeconfig` and `--context`: which API server a command works with, shared by the commands that do.
// It reads the configuration and connects to nothing. Tested by tests/cli/cluster_options_test.cc.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "webhook/cluster/cluster_config.h"

namespace CLI {
class App;
}

namespace tidewaiter {

struct ClusterOptions {
  bool is_enabled = false;  // --cluster
  std::string kubeconfig;   // empty = the service account of this Pod
  std::string context;      // of the kubeconfig; empty = its current one
};

// Adds the options to a command; `options` must live as long as it.
void AddClusterOptions(CLI::App& command, ClusterOptions& options);

// nullopt without `--cluster`; otherwise as LoadKubeconfig (a file was given) or LoadPodConfig.
absl::StatusOr<std::optional<ClusterConfig>> LoadClusterConfig(const ClusterOptions& options);

}  // namespace tidewaiter
