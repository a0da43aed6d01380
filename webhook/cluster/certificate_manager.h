// SPDX-License-Identifier: Apache-2.0
//
// Serving certificates without anybody's help: kept in a Secret that the replicas share, renewed in time, and their CA
// put into the webhook configurations. What a renewal is, certificate_secret.h says; serving is the caller's business.
// Tested by tests/cluster/certificate_manager_test.cc and tests/cluster/certificates_test.py.
//
// All replicas do the same; who is first wins (resourceVersion), and the others take what is there then. One thread
// works, three watch. While the API server is away, what is served goes on being served.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "webhook/cluster/api_client.h"
#include "webhook/cluster/backoff.h"
#include "webhook/cluster/ca_bundle.h"
#include "webhook/cluster/certificate_secret.h"
#include "webhook/cluster/object_watch.h"

namespace tidewaiter {

struct CertificateManagerOptions {
  std::string secret_namespace, secret_name;
  // Of the ValidatingWebhookConfiguration and the MutatingWebhookConfiguration; one of them is enough.
  std::string configuration_name;
  CertificateRequest request;
  // How long all callers must have held a CA before a certificate of it is served: each API server hears of a new
  // configuration by a watch of its own.
  std::chrono::milliseconds settle_time{10'000};
  // Two writes of the same bundle within this time are a fight with somebody, which is slowed down by `backoff`.
  std::chrono::milliseconds fight_time{60'000};
  BackoffBounds backoff;
  ReflectorOptions reflector;  // of the watches; path, kind, selector and on_error are set here
  // Seconds since 1970.
  std::function<std::int64_t()> now;
  // Puts a certificate to use. On the manager's thread.
  std::function<absl::Status(const PemPair& serving)> serve;
  // Told of each failure and of each thing done; from several threads.
  std::function<void(const absl::Status& why)> on_error;
  std::function<void(std::string_view what)> on_event;
};

class CertificateManager {
 public:
  // The client outlives the manager.
  CertificateManager(ApiClient& client, CertificateManagerOptions options);
  ~CertificateManager() { Stop(); }
  CertificateManager(const CertificateManager&) = delete;
  CertificateManager& operator=(const CertificateManager&) = delete;

  // Once.
  void Start();
  // Ends all threads; `serve` is not called after it. May be called twice.
  void Stop();

  // Why this replica is not to be sent reviews: there is no certificate, it has expired, or the webhook configurations
  // have never held its CA. "" when none of this is so. Thread safe.
  std::string NotReadyReason() const;

 private:
  using Time = std::chrono::steady_clock::time_point;

  // Something that may fail and is then tried again later.
  struct Attempt {
    explicit Attempt(BackoffBounds bounds) : backoff(bounds) {}
    bool IsDue(Time at) const { return at >= not_before; }
    void Postpone(Time at) { not_before = at + backoff.Next(); }
    void Reset() {
      backoff.Reset();
      not_before = {};
    }
    Backoff backoff;
    Time not_before;
  };
  struct Configuration {
    std::string path, kind;
    std::unique_ptr<ObjectWatch> watch;
    std::shared_ptr<const Json> object;  // as of this round
    Attempt attempt;
    std::string last_written;
    Time last_write;
  };

  ObjectWatch& AddWatch(std::unique_ptr<ObjectWatch>& watch, const std::string& path, const std::string& kind,
                        const std::string& name);
  void Run();
  void Look();
  void TakeConfigurations(Time at);
  absl::Status TakeSecret();
  absl::Status KeepSecret();
  absl::Status KeepBundle(Configuration& configuration, Time at);
  absl::Status Serve();
  absl::Status WriteSecret();

  // What the Secret should hold, nullopt when it is good as it is or it is too early to say.
  absl::StatusOr<std::optional<CertificateSecret>> PlanSecret(const Json* secret) const;
  bool IsTrusted(const std::string& authority_pem) const;
  bool HasSyncedConfigurations() const;
  std::string FindNotReadyReason();
  void Report(const absl::Status& status);
  void Tell(std::string_view what) const;
  CallOptions Call() { return {.timeout = std::chrono::seconds(10), .cancellation = &cancellation_}; }

  ApiClient& client_;
  const CertificateManagerOptions options_;
  const std::string secret_collection_, secret_path_;
  Cancellation cancellation_;
  std::thread thread_;

  // Of the thread alone.
  Attempt secret_attempt_, serve_attempt_;
  std::vector<Configuration> configurations_;
  TrustHistory trust_;
  std::shared_ptr<const Json> secret_object_;
  std::optional<CertificateSecret> latest_;  // the last good one
  std::optional<CertificateSecret> served_;
  bool has_been_trusted_ = false;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool has_changed_ = false;
  bool is_stopping_ = false;
  std::string not_ready_ = "no serving certificate yet";
  std::string last_error_;

  std::unique_ptr<ObjectWatch> secret_watch_;
};

}  // namespace tidewaiter
