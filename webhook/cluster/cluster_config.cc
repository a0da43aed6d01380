// SPDX-License-Identifier: Apache-2.0
//
// Checked when it is loaded, so that a mistake shows at the start and not at the first request.
#include "webhook/cluster/cluster_config.h"

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"
#include "webhook/policy/text_file.h"

namespace tidewaiter {
namespace {

constexpr std::size_t kMaxFileBytes = 1u << 20;  // a bundle of several hundred certificates

std::string EnvironmentText(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool ParsePort(std::string_view text, int& port) {
  return absl::SimpleAtoi(ToAbsl(text), &port) && port > 0 && port <= 65535;
}

absl::Status MissingFile(const absl::Status& why, std::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat(why.message(), ": the Pod's ", ToAbsl(what),
                   " is mounted when spec.automountServiceAccountToken is not false for it and its service account"));
}

}  // namespace

absl::StatusOr<std::string> PemSource::Read() const {
  std::string pem = text;
  if (!file.empty()) {
    absl::StatusOr<std::string> read = ReadTextFile(file, kMaxFileBytes);
    if (!read.ok()) return read.status();
    pem = *std::move(read);
  }
  if (pem.find("-----BEGIN ") != std::string::npos) return pem;
  return InvalidArgument(StrCat(file, file.empty() ? "" : ": ", "holds no PEM block (-----BEGIN ...)"));
}

absl::Status ClusterConfig::SetServer(std::string_view url) {
  const auto wrong = [&](std::string_view why) {
    return InvalidArgument(StrCat(Quoted(url), " is no server address such as https://10.0.0.1:6443: ", why));
  };
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    is_tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    is_tls = false;
    rest.remove_prefix(7);
  } else {
    return wrong("it must begin with https:// or http://");
  }
  if (rest.find_first_of("?#@ ") != std::string_view::npos) return wrong("only a host, a port and a path are possible");
  const std::size_t slash = rest.find('/');
  path_prefix = slash == std::string_view::npos ? "" : std::string(rest.substr(slash));
  while (path_prefix.ends_with('/')) path_prefix.pop_back();
  std::string_view authority = rest.substr(0, slash);
  std::string_view port_text;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return wrong("the ']' of the IPv6 address is missing");
    host = std::string(authority.substr(1, end - 1));
    port_text = authority.substr(end + 1);
  } else {
    const std::size_t colon = authority.find(':');
    host = std::string(authority.substr(0, colon));
    if (colon != std::string_view::npos) port_text = authority.substr(colon);
  }
  if (host.empty()) return wrong("there is no host");
  port = is_tls ? 443 : 80;
  if (port_text.empty()) return absl::OkStatus();
  if (!port_text.starts_with(':') || !ParsePort(port_text.substr(1), port))
    return wrong("the port is no number to 65535");
  return absl::OkStatus();
}

PodEnvironment PodEnvironment::OfThisProcess() {
  PodEnvironment environment;
  environment.host = EnvironmentText("KUBERNETES_SERVICE_HOST");
  environment.port = EnvironmentText("KUBERNETES_SERVICE_PORT");
  return environment;
}

absl::StatusOr<ClusterConfig> LoadPodConfig(const PodEnvironment& environment) {
  if (environment.host.empty() || environment.port.empty()) {
    return absl::NotFoundError(
        "not in a Pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; outside a cluster give a "
        "kubeconfig file");
  }
  ClusterConfig config;
  config.host = environment.host;
  if (config.host.starts_with('[') && config.host.ends_with(']')) {
    config.host = config.host.substr(1, config.host.size() - 2);
  }
  if (!ParsePort(environment.port, config.port)) {
    return InvalidArgument(StrCat("KUBERNETES_SERVICE_PORT: ", Quoted(environment.port), " is no port"));
  }
  config.token_file = environment.folder + "/token";
  const absl::StatusOr<std::string> token = ReadTextFile(config.token_file, kMaxFileBytes);
  if (!token.ok()) return MissingFile(token.status(), "token");
  config.token = std::string(FromAbsl(absl::StripAsciiWhitespace(ToAbsl(*token))));
  config.ca.file = environment.folder + "/ca.crt";
  if (const auto ca = config.ca.Read(); !ca.ok()) return MissingFile(ca.status(), "CA certificate");
  // Older than the token and the CA, but not vital: a client that names the namespace itself needs none.
  if (const auto name = ReadTextFile(environment.folder + "/namespace", kMaxFileBytes); name.ok()) {
    config.namespace_name = std::string(FromAbsl(absl::StripAsciiWhitespace(ToAbsl(*name))));
  }
  return config;
}

}  // namespace tidewaiter
