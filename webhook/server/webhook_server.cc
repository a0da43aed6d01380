// SPDX-License-Identifier: Apache-2.0
//
// Start and end, in order, and what happens when a file has changed.
#include "webhook/server/webhook_server.h"

#include <csignal>
#include <ctime>
#include <utility>

#include "absl/time/time.h"
#include "webhook/engine/respond.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

sigset_t SetOf(std::initializer_list<int> numbers) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : numbers) sigaddset(&signals, number);
  return signals;
}
sigset_t StopSignals() { return SetOf({SIGTERM, SIGINT}); }

// Waits for a stop signal, at most `timeout`; whether one came.
bool WaitForSignal(std::chrono::milliseconds timeout) {
  const sigset_t signals = StopSignals();
  const timespec time{.tv_sec = timeout.count() / 1000, .tv_nsec = (timeout.count() % 1000) * 1'000'000};
  return sigtimedwait(&signals, nullptr, &time) > 0;
}

std::string CountControls(const PolicySet& set) {
  std::size_t count = 0;
  for (const Policy& policy : set.policies()) count += policy.controls.size();
  return StrCat(count);
}

}  // namespace

WebhookServer::WebhookServer(const ServeOptions& options)
    : options_(options), log_(options.log_level), metrics_(options.version), store_(metrics_, log_), reminder_(log_) {
  metrics_.SetRestarts(options.restarts);
  if (options.has_cluster_policies) store_.ExpectResources();
}

WebhookServer::~WebhookServer() {
  certificate_.SetReceiver(nullptr);
  watcher_.Stop();
  metrics_.SetConnectionSource(nullptr);
  ops_.reset();
  server_.reset();
}

absl::StatusOr<std::unique_ptr<WebhookServer>> WebhookServer::Start(const ServeOptions& options) {
  std::unique_ptr<WebhookServer> self(new WebhookServer(options));
  // Files are noted before they are read.
  if (!options.policy_paths.empty()) {
    self->watcher_.Watch(options.policy_paths, [raw = self.get()] { raw->ReloadPolicies(); });
  }
  if (!options.policy_paths.empty() || options.has_cluster_policies) {
    // The built-in policy has no exemptions.
    self->watcher_.AtEachLook(
        [raw = self.get()] { raw->reminder_.Remind(raw->policies(), DateOf(std::time(nullptr))); });
  }
  if (!options.certificate_file.empty()) {
    self->watcher_.Watch({options.certificate_file, options.key_file},
                         [raw = self.get()] { raw->ReloadCertificate(); });
  }
  if (!options.client_ca_file.empty()) {
    self->watcher_.Watch({options.client_ca_file}, [raw = self.get()] { raw->ReloadClientAuthorities(); });
    const absl::StatusOr<std::string> authorities = LoadClientAuthorities(options.client_ca_file);
    if (!authorities.ok()) return authorities.status();
    if (absl::Status status = self->certificate_.SetClientAuthorities(*authorities); !status.ok()) return status;
  }
  if (!options.namespaces_file.empty()) {
    self->namespaces_ = std::make_unique<NamespaceFile>(options.namespaces_file);
    self->watcher_.Watch({options.namespaces_file}, [raw = self.get()] { raw->ReloadNamespaces(); });
    if (absl::Status status = self->namespaces_->Read(); !status.ok()) return status;
  }
  if (absl::Status status = self->ReadPolicies(); !status.ok()) return status;
  if (!options.certificate_comes_later) {
    absl::StatusOr<ServingCertificate> certificate =
        options.certificate_file.empty() ? MakeSelfSignedCertificate(options.tls_names, std::time(nullptr))
                                         : LoadCertificate(options.certificate_file, options.key_file);
    if (!certificate.ok()) return certificate.status();
    self->ca_pem_ = certificate->ca_pem;
    self->metrics_.SetCertificateValidity(certificate->not_before, certificate->not_after);
    if (absl::Status status = self->certificate_.SetCertificate(*std::move(certificate)); !status.ok()) return status;
  }
  self->handler_ =
      AdmissionHandler::Make([raw = self.get()] { return raw->store_.policies_for_reviews(); },
                             self->namespaces_ != nullptr ? self->namespaces_.get() : self->options_.namespaces.get(),
                             self->metrics_, self->log_);
  ServerLimits limits = options.limits;
  limits.max_body_bytes = kMaxReviewBytes;
  absl::StatusOr<Listener> listener =
      options.listener.has_value() ? *options.listener : ListenTcp(options.listen_host, options.listen_port);
  if (!listener.ok()) return listener.status();
  self->server_ = ParkedServer::Start(*listener, self->certificate_.current(), limits, *self->handler_);
  self->certificate_.SetReceiver(
      [raw = self->server_.get()](ServingCertificate combined) { raw->SetCertificate(std::move(combined)); });
  self->metrics_.SetConnectionSource([raw = self->server_.get()] { return raw->CountConnections(); });
  absl::StatusOr<std::unique_ptr<OpsServer>> ops = OpsServer::Start(
      options.ops_host, options.ops_port,
      [raw = self.get()] {
        if (raw->is_draining_) return std::string("draining");
        return raw->options_.readiness ? raw->options_.readiness() : std::string();
      },
      self->metrics_);
  if (!ops.ok()) return ops.status();
  self->ops_ = *std::move(ops);
  self->watcher_.Start();
  return self;
}

absl::Status WebhookServer::ReadPolicies() {
  PolicyParts files;
  if (!options_.policy_paths.empty() || !options_.has_cluster_policies) {
    absl::StatusOr<PolicyParts> read = ReadPolicyFiles(options_.policy_paths);
    if (!read.ok()) return read.status();
    files = *std::move(read);
  }
  store_.SetFiles(std::move(files));
  return absl::OkStatus();
}

void WebhookServer::ReloadPolicies() {
  const std::shared_ptr<const PolicySet> before = policies();
  const absl::Status status = ReadPolicies();
  metrics_.CountReload(status.ok());
  metrics_.SetFilesInvalid(!status.ok());
  if (!status.ok()) {
    return log_.Write(LogLevel::kError, "policies not reloaded: the last good ones stay in force",
                      {{"error", std::string(MessageOf(status))}});
  }
  const std::shared_ptr<const PolicySet> now = policies();
  log_.Write(LogLevel::kInfo, "policies reloaded",
             {{"policies", StrCat(now->policies().size())},
              {"controls", CountControls(*now)},
              {"policies_before", StrCat(before->policies().size())},
              {"controls_before", CountControls(*before)}});
}

void WebhookServer::ReloadNamespaces() {
  if (const absl::Status status = namespaces_->Read(); !status.ok()) {
    metrics_.CountError("namespaces_reload");
    return log_.Write(LogLevel::kError, "namespaces not reloaded: the last good ones stay in use",
                      {{"error", std::string(MessageOf(status))}});
  }
  log_.Write(LogLevel::kInfo, "namespaces reloaded", {{"namespaces", StrCat(namespaces_->size())}});
}

void WebhookServer::ReloadCertificate() {
  absl::StatusOr<ServingCertificate> loaded = LoadCertificate(options_.certificate_file, options_.key_file);
  const absl::Status status =
      loaded.ok() ? UseCertificate(*std::move(loaded), "certificate reloaded") : loaded.status();
  if (status.ok()) return;
  metrics_.CountError("certificate_reload");
  log_.Write(LogLevel::kError, "certificate not reloaded: the last good one stays in use",
             {{"error", std::string(MessageOf(status))}});
}

absl::Status WebhookServer::SetCertificate(std::string_view chain_pem, std::string_view key_pem) {
  absl::StatusOr<ServingCertificate> parsed = ParseCertificate(chain_pem, key_pem);
  if (!parsed.ok()) return parsed.status();
  return UseCertificate(*std::move(parsed), "certificate renewed");
}

absl::Status WebhookServer::UseCertificate(ServingCertificate certificate, std::string_view message) {
  const std::int64_t not_before = certificate.not_before, not_after = certificate.not_after;
  if (absl::Status status = certificate_.SetCertificate(std::move(certificate)); !status.ok()) return status;
  metrics_.SetCertificateValidity(not_before, not_after);
  log_.Write(
      LogLevel::kInfo, message,
      {{"expires", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(not_after), absl::UTCTimeZone())}});
  return absl::OkStatus();
}

void WebhookServer::ReloadClientAuthorities() {
  const absl::StatusOr<std::string> loaded = LoadClientAuthorities(options_.client_ca_file);
  const absl::Status status = loaded.ok() ? certificate_.SetClientAuthorities(*loaded) : loaded.status();
  if (status.ok()) return log_.Write(LogLevel::kInfo, "client CA reloaded");
  metrics_.CountError("certificate_reload");
  log_.Write(LogLevel::kError, "client CA not reloaded: the last good one stays in use",
             {{"error", std::string(MessageOf(status))}});
}

void WebhookServer::Drain(const std::function<void(std::chrono::milliseconds)>& wait) {
  is_draining_ = true;
  server_->BeginDrain();
  wait(options_.drain_time);
  watcher_.Stop();
  server_->Stop(options_.stop_time);
}

void BlockSignals() {
  const sigset_t signals = SetOf({SIGTERM, SIGINT, SIGHUP});
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

void ServeUntilSignal(WebhookServer& server) {
  const sigset_t signals = SetOf({SIGTERM, SIGINT, SIGHUP});
  int signal = 0;
  while (signal != SIGTERM && signal != SIGINT) {
    if (sigwait(&signals, &signal) != 0 || signal != SIGHUP) continue;
    // Elsewhere it means to read the files again: here they are read whenever they change.
    server.log().Write(LogLevel::kInfo, "SIGHUP changes nothing: files that change are read anew by themselves");
  }
  server.log().Write(LogLevel::kInfo, "draining", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  server.Drain(WaitForSignal);
  server.log().Write(LogLevel::kInfo, "stopped");
}

}  // namespace tidewaiter
