// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter serve`: the webhook. Prints where it listens and, when it made its own certificate, the CA that callers
// must trust; everything after that goes to the log on standard error. Tested by tests/integration.
#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/strings/numbers.h"
#include "webhook/cli/cluster_certificates.h"
#include "webhook/cli/cluster_options.h"
#include "webhook/cli/cluster_policies.h"
#include "webhook/cli/command_line.h"
#include "webhook/cli/version.h"
#include "webhook/kube/text.h"
#include "webhook/server/supervisor.h"
#include "webhook/server/webhook_server.h"

namespace tidewaiter {
namespace {

struct ServeArguments {
  ClusterOptions cluster;
  std::string lease;
  std::string listen = "0.0.0.0:8443";
  std::string ops_listen = "0.0.0.0:8080";
  std::string log_level = "info";
  double drain_seconds = 5;
  int max_wait_ms = 100;
  ClusterCertificateOptions certificates;
  bool is_supervised = false;
  ServeOptions options;
};

// "HOST:PORT" or "[IPV6]:PORT".
bool SplitAddress(const std::string& address, std::string& host, int& port) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  host = address.substr(0, colon);
  const bool is_bracketed = host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  if (!is_bracketed && host.find(':') != std::string::npos) return false;
  return absl::SimpleAtoi(address.substr(colon + 1), &port) && port >= 0 && port <= 65535 && !host.empty();
}

void RunServe(ServeArguments arguments, CommandContext& context) {
  ServeOptions& options = arguments.options;
  if (!SplitAddress(arguments.listen, options.listen_host, options.listen_port)) {
    return context.Fail(StrCat("--listen: expected HOST:PORT, found \"", arguments.listen, "\""));
  }
  if (!SplitAddress(arguments.ops_listen, options.ops_host, options.ops_port)) {
    return context.Fail(StrCat("--ops-listen: expected HOST:PORT, found \"", arguments.ops_listen, "\""));
  }
  options.log_level = *LogLevelFromName(arguments.log_level);
  options.drain_time = std::chrono::milliseconds(static_cast<std::int64_t>(arguments.drain_seconds * 1000));
  options.limits.max_worker_wait = std::chrono::milliseconds(arguments.max_wait_ms);
  options.version = kVersion;

  BlockSignals();
  if (arguments.is_supervised) {
    if (options.certificate_file.empty() && arguments.certificates.secret.empty()) {
      return context.Fail(
          "--supervise: a certificate made in memory would be another one after each start: give --tls-cert or "
          "--certificate-secret");
    }
    const absl::StatusOr<Listener> listener = ListenTcp(options.listen_host, options.listen_port);
    if (!listener.ok()) return context.Fail(MessageOf(listener.status()));
    const Supervised supervised = Supervise(*listener, Log(options.log_level));
    if (supervised.is_parent) {
      context.exit_code = supervised.exit_code;
      return;
    }
    options.listener = *listener;
    options.restarts = supervised.restarts;
  }

  const absl::StatusOr<std::optional<ClusterConfig>> config = LoadClusterConfig(arguments.cluster);
  if (!config.ok()) return context.Fail(MessageOf(config.status()));
  std::unique_ptr<ClusterPolicies> cluster;  // outlives the server, whose namespaces it has
  if (config->has_value()) {
    absl::StatusOr<std::unique_ptr<ClusterPolicies>> made = ClusterPolicies::Make(**config, arguments.lease);
    if (!made.ok()) return context.Fail(MessageOf(made.status()));
    cluster = *std::move(made);
    cluster->Prepare(options);
  }
  absl::StatusOr<std::unique_ptr<ClusterCertificates>> certificates =
      ClusterCertificates::Make(arguments.certificates, *config, options);
  if (!certificates.ok()) return context.Fail(MessageOf(certificates.status()));
  absl::StatusOr<std::unique_ptr<WebhookServer>> server = WebhookServer::Start(options);
  if (!server.ok()) return context.Fail(MessageOf(server.status()));

  std::ostream& out = context.streams.out;
  out << "tidewaiter " << kVersion << " serves https://" << options.listen_host << ":" << (*server)->port()
      << " (POST /validate, /mutate, /validate-policy) and http://" << options.ops_host << ":" << (*server)->ops_port()
      << " (/livez, /readyz, /metrics)\n";
  const std::shared_ptr<const PolicySet> policies = (*server)->policies();
  for (const Policy& policy : policies->policies()) {
    out << "policy " << policy.name << ": " << policy.controls.size() << " controls (" << policy.source << ")\n";
  }
  if (!(*server)->ca_pem().empty())
    out << "self-signed certificate; callers must trust this CA:\n" << (*server)->ca_pem();
  if (cluster != nullptr) {
    out << "policies and namespaces of the cluster are watched\n";
    cluster->Start(**server);
  }
  out.flush();
  if (*certificates != nullptr) (*certificates)->Start(**server);
  ServeUntilSignal(**server);
  if (*certificates != nullptr) (*certificates)->Stop();
  if (cluster != nullptr) cluster->Stop();
}

}  // namespace

void AddServeCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("serve", "Serve the admission webhooks over HTTPS");
  const auto arguments = std::make_shared<ServeArguments>();
  ServeOptions& options = arguments->options;
  AddPoliciesOption(*command, options.policy_paths);
  AddNamespacesOption(*command, options.namespaces_file);
  AddClusterOptions(*command, arguments->cluster);
  command->get_option("--cluster")->excludes(command->get_option("--namespaces"));
  command->add_option("--lease", arguments->lease, "Of who writes the status of policies; default: OURS/tidewaiter")
      ->needs(command->get_option("--cluster"))
      ->type_name("NAMESPACE/NAME");
  CLI::Option* certificate =
      command->add_option("--tls-cert", options.certificate_file, "Certificate chain, PEM; default: self-signed");
  CLI::Option* key = command->add_option("--tls-key", options.key_file, "Its private key, PEM");
  certificate->needs(key)->type_name("FILE");
  key->needs(certificate)->type_name("FILE");
  command->add_option("--tls-san", options.tls_names, "Names and IP addresses of the self-signed certificate")
      ->type_name("NAME")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->excludes(certificate)
      ->capture_default_str();
  AddClusterCertificateOptions(*command, arguments->certificates);
  command
      ->add_option("--client-ca", options.client_ca_file,
                   "Serve only clients with a certificate of these CAs, PEM; default: everybody")
      ->type_name("FILE");
  command->add_option("--listen", arguments->listen, "Admission port")->type_name("HOST:PORT")->capture_default_str();
  command->add_option("--ops-listen", arguments->ops_listen, "Port of /livez, /readyz and /metrics")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  command->add_option("--workers", options.limits.workers, "Threads that judge reviews")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--max-connections", options.limits.max_connections, "Connections beyond are closed at once")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command
      ->add_option("--max-wait-ms", arguments->max_wait_ms, "Requests that waited longer for a thread are answered 429")
      ->check(CLI::Range(1, 30'000))
      ->capture_default_str();
  command->add_option("--drain-seconds", arguments->drain_seconds, "How long to serve on after SIGTERM")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  command->add_flag("--supervise", arguments->is_supervised,
                    "Serve in a child, started anew when a signal ends it; the port stays open");
  command->add_option("--log-level", arguments->log_level, "error, warn, info or debug")
      ->check(CLI::IsMember({"error", "warn", "info", "debug"}))
      ->capture_default_str();
  command->footer(
      "Policies, namespaces and certificates are read anew when their files change; what is not good is logged, and "
      "changes "
      "nothing.\n"
      "With --cluster PodPolicy resources apply, and not the built-in policy. SIGTERM: readiness fails, answers carry "
      "Connection: close, what runs is finished, exit code 0.");
  command->callback([arguments, &context] { RunServe(*arguments, context); });
}

}  // namespace tidewaiter
