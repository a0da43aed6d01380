// SPDX-License-Identifier: Apache-2.0
//
// Where the API server is and who we are to it: the value that a client is made of, and the one that a Pod finds around
// itself. Files of kubectl are read by kubeconfig.h. Tested by tests/cluster/cluster_config_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tidewaiter {

// Certificates or a key: a file, which is read anew for each connection since it may be replaced, or the text itself.
struct PemSource {
  std::string file;
  std::string text;  // used when there is no file

  bool is_empty() const { return file.empty() && text.empty(); }
  // InvalidArgument, naming the file, when it cannot be read or holds no PEM block.
  absl::StatusOr<std::string> Read() const;
};

struct ClusterConfig {
  bool is_tls = true;
  std::string host;  // a DNS name or an IP address, IPv6 without brackets
  int port = 443;
  std::string path_prefix;      // before every path, "" or "/like/this"
  std::string tls_server_name;  // whom the certificate must be for and the SNI; empty = host
  bool skip_tls_verify = false;
  PemSource ca;                              // empty = the system's
  PemSource client_certificate, client_key;  // both or neither
  std::string token;                         // a bearer token; empty = none
  std::string token_file;                    // read again and again; what it held last goes before `token`
  std::string namespace_name = "default";    // ours

  // Takes host, port, is_tls and path_prefix from "https://HOST[:PORT][/PREFIX]", or http. InvalidArgument otherwise.
  absl::Status SetServer(std::string_view url);
};

// What a container is given; a plain value so that tests need no environment.
struct PodEnvironment {
  std::string host;  // KUBERNETES_SERVICE_HOST
  std::string port;  // KUBERNETES_SERVICE_PORT
  std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount";

  static PodEnvironment OfThisProcess();
};

// The configuration of a Pod's service account. NotFound when the variables are not set: this is no Pod.
// FailedPrecondition when there is no token or CA certificate, with what to do. Source: kubernetes.io "Accessing the
// API from a Pod".
absl::StatusOr<ClusterConfig> LoadPodConfig(const PodEnvironment& environment);

}  // namespace tidewaiter
