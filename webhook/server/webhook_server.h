// SPDX-License-Identifier: Apache-2.0
//
// The whole server: policies, certificate, admission port, operations port, log, metrics, the way it starts and ends,
// and what it does when its files change. Tested by tests/server/webhook_server_test.cc and tests/integration.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/policy/policy_set.h"
#include "webhook/server/admission_handler.h"
#include "webhook/server/certificate_holder.h"
#include "webhook/server/exemption_reminder.h"
#include "webhook/server/file_watcher.h"
#include "webhook/server/namespace_file.h"
#include "webhook/server/ops_server.h"
#include "webhook/server/policy_store.h"

namespace tidewaiter {

struct ServeOptions {
  std::string listen_host = "0.0.0.0";
  int listen_port = 8443;
  // A socket that listens there already; the server takes it.
  std::optional<Listener> listener;
  // How often a serving process was started anew before this one (supervisor.h).
  std::uint64_t restarts = 0;
  std::string ops_host = "0.0.0.0";
  int ops_port = 8080;
  // As LoadPolicies takes them. These and the certificate's files are read anew when they change.
  std::vector<std::string> policy_paths;
  // Policies come from the cluster, too (SetClusterPolicies): then no path means no policy of files, not the one that
  // is compiled in. Until SetClusterPolicies was called reviews are answered 503.
  bool has_cluster_policies = false;
  // PEM files; both empty: self-signed in memory for the names of `tls_names`.
  std::string certificate_file;
  std::string key_file;
  std::vector<std::string> tls_names = {"localhost", "127.0.0.1", "::1"};
  // The certificate is given by SetCertificate later; until then connections wait to be accepted.
  bool certificate_comes_later = false;
  // PEM; when given, only clients with a certificate of these CAs are served. Read anew when it changes.
  std::string client_ca_file;
  // Why reviews are not to be sent here yet, "" when they are: /readyz. Called from several threads.
  std::function<std::string()> readiness;
  LogLevel log_level = LogLevel::kInfo;
  ServerLimits limits;
  // After SIGTERM: how long answers with `Connection: close` are given before the port is closed (endpoints take a
  // moment to leave the Service), and then how long running requests may take.
  std::chrono::milliseconds drain_time{5'000};
  std::chrono::milliseconds stop_time{10'000};
  std::string_view version;
  // For namespaceSelector: Namespace objects, as FixedNamespaces::Load takes them; read anew when they change.
  std::string namespaces_file;
  // The same from elsewhere, when there is no file; knows none when nullptr.
  std::shared_ptr<const NamespaceSource> namespaces;
};

class WebhookServer {
 public:
  // Starts serving. InvalidArgument and NotFound for policies and certificate, Unavailable for a port that is taken.
  static absl::StatusOr<std::unique_ptr<WebhookServer>> Start(const ServeOptions& options);
  // Stops at once.
  ~WebhookServer();

  int port() const { return server_->port(); }
  int ops_port() const { return ops_->port(); }
  // What callers must trust when the certificate was made in memory; "" otherwise.
  const std::string& ca_pem() const { return ca_pem_; }
  Metrics& metrics() { return metrics_; }
  const Log& log() const { return log_; }

  // Serves this chain (leaf first) with its private key, both PEM, to connections that begin now. InvalidArgument, and
  // the last one stays in use, when it is no such pair. Thread safe.
  absl::Status SetCertificate(std::string_view chain_pem, std::string_view key_pem);

  // The policies in force.
  std::shared_ptr<const PolicySet> policies() const { return store_.policies(); }
  // Replaces all policies at once; reviews under way finish with the old ones.
  void SetPolicies(std::shared_ptr<const PolicySet> policies) { store_.SetPolicies(std::move(policies)); }
  // As PolicyStore's: the policies that the cluster has now, all of them, beside those of files; and what became of
  // them.
  void SetClusterPolicies(std::vector<PolicyResource> resources) { store_.SetResources(std::move(resources)); }
  std::vector<ResourceOutcome> cluster_outcomes() const { return store_.outcomes(); }

  // Readiness fails and answers carry `Connection: close`, while `wait` waits for drain_time (it may come back
  // earlier); then the port is closed, what runs is finished (at most stop_time), and all threads end.
  void Drain(const std::function<void(std::chrono::milliseconds)>& wait);

 private:
  explicit WebhookServer(const ServeOptions& options);

  // What is good takes the place of what is in use; what is not is logged and counted, and changes nothing. Called by
  // the watcher's thread.
  void ReloadPolicies();
  absl::Status ReadPolicies();
  void ReloadCertificate();
  void ReloadNamespaces();
  void ReloadClientAuthorities();
  // Puts it to use, and says so.
  absl::Status UseCertificate(ServingCertificate certificate, std::string_view message);

  const ServeOptions options_;
  Log log_;
  Metrics metrics_;
  std::atomic<bool> is_draining_ = false;
  PolicyStore store_;
  std::unique_ptr<NamespaceFile> namespaces_;
  std::string ca_pem_;
  CertificateHolder certificate_;
  std::unique_ptr<AdmissionHandler> handler_;
  std::unique_ptr<ParkedServer> server_;
  std::unique_ptr<OpsServer> ops_;
  ExemptionReminder reminder_;
  FileWatcher watcher_;
};

// Blocks until SIGTERM or SIGINT, then drains; a second signal hurries it. SIGHUP is only logged. Call BlockSignals
// first.
void ServeUntilSignal(WebhookServer& server);

// Blocks SIGTERM, SIGINT and SIGHUP in this thread and those it starts, so that ServeUntilSignal can wait for them, and
// ignores SIGPIPE. Call before any thread is started.
void BlockSignals();

}  // namespace tidewaiter
