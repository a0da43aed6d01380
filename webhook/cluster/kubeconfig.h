// SPDX-License-Identifier: Apache-2.0
//
// A kubeconfig file (v1 Config) as a ClusterConfig. One file: KUBECONFIG lists are not merged. Nothing is executed:
// `exec` and `auth-provider` are refused. Tested by tests/cluster/kubeconfig_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "webhook/cluster/cluster_config.h"

namespace tidewaiter {

// The configuration of a context, of `current-context` when the name is empty. Relative paths in the file are taken
// from the file's folder. InvalidArgument, as `FILE:LINE:COLUMN: KEY: ...`, for a syntax error, a name that is not
// defined, a missing or contradicting key, a file that cannot be read, and what this client does not do: exec,
// auth-provider, username, as, proxy-url. Keys that are unknown are left alone, as in every Kubernetes object. Source:
// kubernetes.io "kubeconfig (v1)"; precedence as in client-go tools/clientcmd/client_config.go.
absl::StatusOr<ClusterConfig> LoadKubeconfig(const std::string& path, std::string_view context = "");

}  // namespace tidewaiter
