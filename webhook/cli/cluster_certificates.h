// SPDX-License-Identifier: Apache-2.0
//
// `serve --certificate-secret`: the certificate manager of webhook/cluster, tied to the server's certificate,
// readiness, log and metrics. Tested by tests/cli/cluster_certificates_test.cc and tests/cluster/certificates_test.py.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/cluster/certificate_manager.h"
#include "webhook/cluster/cluster_config.h"
#include "webhook/server/webhook_server.h"

namespace CLI {
class App;
}

namespace tidewaiter {

struct ClusterCertificateOptions {
  std::string secret;  // NAMESPACE/NAME; empty = the certificate comes from elsewhere
  std::string configuration_name;
  std::string lifetime = "2160h";  // 90 days; as ParseGoDuration
};

// Adds the options to a command that has `--cluster` and `--tls-cert`; `options` must live as long as it.
void AddClusterCertificateOptions(CLI::App& command, ClusterCertificateOptions& options);

// The options as the manager takes them. InvalidArgument, naming the option, for what is not as --help says.
absl::StatusOr<CertificateManagerOptions> ReadCertificateOptions(const ClusterCertificateOptions& options,
                                                                 const std::vector<std::string>& names);

class ClusterCertificates {
 public:
  // nullptr when no Secret was given. Otherwise tells `serve` that the certificate comes later, and adds to its
  // readiness; what is returned must outlive the server.
  static absl::StatusOr<std::unique_ptr<ClusterCertificates>> Make(const ClusterCertificateOptions& options,
                                                                   const std::optional<ClusterConfig>& cluster,
                                                                   ServeOptions& serve);

  // From now on the server gets its certificates. Once.
  void Start(WebhookServer& server);
  // Must be called before the server ends.
  void Stop();

 private:
  ClusterCertificates(const ClusterConfig& cluster, CertificateManagerOptions options);

  WebhookServer* server_ = nullptr;
  ApiClient client_;
  CertificateManager manager_;
};

}  // namespace tidewaiter
