// SPDX-License-Identifier: Apache-2.0
//
// Three options and the two places a configuration can come from.
#include "webhook/cli/cluster_options.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "webhook/cluster/kubeconfig.h"

namespace tidewaiter {

void AddClusterOptions(CLI::App& command, ClusterOptions& options) {
  CLI::Option* cluster = command.add_flag("--cluster", options.is_enabled,
                                          "Work with the API server: of this Pod's cluster, or the kubeconfig's");
  CLI::Option* kubeconfig =
      command.add_option("--kubeconfig", options.kubeconfig, "Where the API server is and who we are to it");
  kubeconfig->needs(cluster)->type_name("FILE");
  command.add_option("--context", options.context, "Context of the kubeconfig; default: its current one")
      ->needs(kubeconfig)
      ->type_name("NAME");
}

absl::StatusOr<std::optional<ClusterConfig>> LoadClusterConfig(const ClusterOptions& options) {
  if (!options.is_enabled) return std::nullopt;
  absl::StatusOr<ClusterConfig> config = options.kubeconfig.empty()
                                             ? LoadPodConfig(PodEnvironment::OfThisProcess())
                                             : LoadKubeconfig(options.kubeconfig, options.context);
  if (!config.ok()) return config.status();
  return std::optional<ClusterConfig>(*std::move(config));
}

}  // namespace tidewaiter
