// SPDX-License-Identifier: Apache-2.0
//
// The thread looks at what the watches hold, several times a second and whenever something changes, and does what is to
// be done. It never remembers what it was about to do: each look decides anew, so nothing is lost by a failure.
#include "webhook/cluster/certificate_manager.h"

#include <algorithm>
#include <utility>

#include "webhook/cluster/survive.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using std::chrono::steady_clock;

// How late a renewal may be, or a try after a failure.
constexpr std::chrono::milliseconds kLookInterval{200};
constexpr char kAdmission[] = "/apis/admissionregistration.k8s.io/v1";

// What ends UpdateWithRetry when there is nothing to do.
absl::Status NothingToDo() { return absl::CancelledError("nothing to do"); }

absl::Status IgnoreNothing(const absl::Status& status) { return absl::IsCancelled(status) ? absl::OkStatus() : status; }

}  // namespace

CertificateManager::CertificateManager(ApiClient& client, CertificateManagerOptions options)
    : client_(client),
      options_(std::move(options)),
      secret_collection_(ResourcePath("/api/v1", options_.secret_namespace, "secrets")),
      secret_path_(ResourcePath("/api/v1", options_.secret_namespace, "secrets", options_.secret_name)),
      secret_attempt_(options_.backoff),
      serve_attempt_(options_.backoff) {
  AddWatch(secret_watch_, secret_collection_, "Secret", options_.secret_name);
  for (const auto& [resource, kind] : {std::pair{"validatingwebhookconfigurations", "ValidatingWebhookConfiguration"},
                                       std::pair{"mutatingwebhookconfigurations", "MutatingWebhookConfiguration"}}) {
    Configuration configuration{.path = ResourcePath(kAdmission, "", resource, options_.configuration_name),
                                .kind = kind,
                                .watch = nullptr,
                                .object = nullptr,
                                .attempt = Attempt(options_.backoff),
                                .last_written = {},
                                .last_write = {}};
    AddWatch(configuration.watch, ResourcePath(kAdmission, "", resource), kind, options_.configuration_name);
    configurations_.push_back(std::move(configuration));
  }
}

ObjectWatch& CertificateManager::AddWatch(std::unique_ptr<ObjectWatch>& watch, const std::string& path,
                                          const std::string& kind, const std::string& name) {
  ReflectorOptions reflector = options_.reflector;
  reflector.path = path;
  reflector.kind = kind;
  reflector.on_error = [this](const absl::Status& why) { Report(why); };
  watch = std::make_unique<ObjectWatch>(client_, std::move(reflector), name, [this] {
    const std::lock_guard lock(mutex_);
    has_changed_ = true;
    wake_.notify_all();
  });
  return *watch;
}

void CertificateManager::Start() {
  secret_watch_->Start();
  for (const Configuration& configuration : configurations_) configuration.watch->Start();
  thread_ = std::thread([this] { Run(); });
}

void CertificateManager::Stop() {
  if (!thread_.joinable()) return;
  std::unique_lock lock(mutex_);
  is_stopping_ = true;
  wake_.notify_all();
  lock.unlock();
  cancellation_.Cancel();
  thread_.join();
  secret_watch_->Stop();
  for (const Configuration& configuration : configurations_) configuration.watch->Stop();
}

std::string CertificateManager::NotReadyReason() const {
  const std::lock_guard lock(mutex_);
  if (not_ready_.empty() || last_error_.empty()) return not_ready_;
  return StrCat(not_ready_, ": ", last_error_);
}

void CertificateManager::Run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    has_changed_ = false;
    lock.unlock();
    std::string reason;
    const bool is_told = Survives([&] {
      Look();
      reason = FindNotReadyReason();
    });
    lock.lock();
    if (is_told) {
      not_ready_ = std::move(reason);
      if (not_ready_.empty()) last_error_.clear();
    }
    wake_.wait_for(lock, kLookInterval, [this] { return has_changed_ || is_stopping_; });
  }
}

void CertificateManager::Look() {
  const Time at = steady_clock::now();
  TakeConfigurations(at);
  const auto attempt = [&](Attempt& attempt, const absl::Status& status) {
    if (status.ok()) return attempt.Reset();
    attempt.Postpone(at);
    if (!cancellation_.is_cancelled()) Report(status);
  };
  if (secret_watch_->has_synced() && secret_attempt_.IsDue(at)) attempt(secret_attempt_, KeepSecret());
  if (serve_attempt_.IsDue(at)) attempt(serve_attempt_, Serve());
  for (Configuration& configuration : configurations_) {
    if (!configuration.attempt.IsDue(at)) continue;
    if (const absl::Status status = KeepBundle(configuration, at); !status.ok()) attempt(configuration.attempt, status);
  }
}

void CertificateManager::TakeConfigurations(Time at) {
  if (!HasSyncedConfigurations()) return;
  std::vector<std::string> bundles;
  for (Configuration& configuration : configurations_) {
    configuration.object = configuration.watch->object();
    if (configuration.object == nullptr) continue;
    for (std::string& bundle : CaBundlesOf(*configuration.object)) bundles.push_back(std::move(bundle));
  }
  trust_.Note(bundles, at);
}

bool CertificateManager::HasSyncedConfigurations() const {
  return std::all_of(configurations_.begin(), configurations_.end(),
                     [](const Configuration& each) { return each.watch->has_synced(); });
}

bool CertificateManager::IsTrusted(const std::string& authority_pem) const {
  const std::optional<Time> since = trust_.TrustedSince(authority_pem);
  return since.has_value() && steady_clock::now() - *since >= options_.settle_time;
}

// ---- the Secret

absl::StatusOr<std::optional<CertificateSecret>> CertificateManager::PlanSecret(const Json* secret) const {
  const std::int64_t now = options_.now();
  if (secret != nullptr) {
    if (!IsOurSecret(*secret)) {
      return absl::FailedPreconditionError(
          ToAbsl(StrCat("the Secret ", options_.secret_namespace, "/", options_.secret_name,
                        " is not ours and is left alone: give another name, delete it, or label it "
                        "tidewaiter.dev/certificate=self-managed")));
    }
    const absl::StatusOr<CertificateSecret> content = DecodeCertificateSecret(*secret);
    if (content.ok()) {
      const bool is_trusted = content->next.has_value() && IsTrusted(content->next->certificate);
      return AdvanceCertificates(*content, options_.request, now, is_trusted);
    }
  }
  // There is none, or garbage. What is served may be served on until callers trust another CA.
  absl::StatusOr<CertificateSecret> made;
  if (latest_.has_value() && latest_->validity().not_after > now) {
    made = PrepareRotation(*latest_, options_.request, now);
  } else if (HasSyncedConfigurations()) {
    // Other replicas may still serve with a CA of ours that callers trust.
    made = BeginCertificates(options_.request, now, trust_.our_authorities());
  } else {
    return std::nullopt;
  }
  if (!made.ok()) return made.status();
  return std::optional<CertificateSecret>(*std::move(made));
}

absl::Status CertificateManager::TakeSecret() {
  std::shared_ptr<const Json> object = secret_watch_->object();
  if (object == secret_object_) return absl::OkStatus();
  secret_object_ = std::move(object);
  if (secret_object_ == nullptr || !IsOurSecret(*secret_object_)) return absl::OkStatus();
  if (IsEmptySecret(*secret_object_)) return absl::OkStatus();
  absl::StatusOr<CertificateSecret> content = DecodeCertificateSecret(*secret_object_);
  if (!content.ok()) {
    return absl::DataLossError(ToAbsl(StrCat("the Secret ", options_.secret_namespace, "/", options_.secret_name,
                                             " holds garbage and is made anew: ", MessageOf(content.status()))));
  }
  latest_ = *std::move(content);
  return absl::OkStatus();
}

absl::Status CertificateManager::KeepSecret() {
  // Garbage is told of, and does not stop what mends it.
  if (const absl::Status status = TakeSecret(); !status.ok()) Report(status);
  const auto plan = PlanSecret(secret_object_.get());
  if (!plan.ok()) return plan.status();
  return plan->has_value() ? WriteSecret() : absl::OkStatus();
}

absl::Status CertificateManager::WriteSecret() {
  std::string what = "certificate Secret updated";
  if (secret_object_ == nullptr) {
    const auto plan = PlanSecret(nullptr);
    if (!plan.ok()) return plan.status();
    Json secret = {{"apiVersion", "v1"},
                   {"kind", "Secret"},
                   {"type", "kubernetes.io/tls"},
                   {"metadata", {{"name", options_.secret_name}, {"namespace", options_.secret_namespace}}}};
    EncodeCertificateSecret(**plan, secret);
    absl::Status status = client_.Create(secret_collection_, secret, Call()).status();
    if (absl::IsAlreadyExists(status)) return absl::OkStatus();  // another replica; the watch will tell
    if (status.ok()) Tell("certificate Secret created");
    return status;
  }
  // Decided anew on the newest: the watch may be behind.
  const absl::Status status = client_
                                  .UpdateWithRetry(
                                      secret_path_,
                                      [&](Json& secret) {
                                        const auto plan = PlanSecret(&secret);
                                        if (!plan.ok()) return plan.status();
                                        if (!plan->has_value()) return NothingToDo();
                                        EncodeCertificateSecret(**plan, secret);
                                        what = (*plan)->next.has_value() ? "next CA prepared" : "certificate issued";
                                        return absl::OkStatus();
                                      },
                                      false, Call())
                                  .status();
  if (absl::IsNotFound(status)) return absl::OkStatus();  // just deleted; the watch will tell
  if (status.ok()) Tell(what);
  return IgnoreNothing(status);
}

// ---- what follows from it

absl::Status CertificateManager::Serve() {
  if (!latest_.has_value()) return absl::OkStatus();
  if (served_.has_value() && served_->serving == latest_->serving) return absl::OkStatus();
  // By the order of a rotation it is trusted already. It is not when somebody else has made the Secret anew.
  const bool can_wait = served_.has_value() && served_->validity().not_after > options_.now();
  if (can_wait && !IsTrusted(latest_->authority.certificate)) return absl::OkStatus();
  if (absl::Status status = options_.serve(latest_->serving); !status.ok()) return status;
  served_ = latest_;
  return absl::OkStatus();
}

absl::Status CertificateManager::KeepBundle(Configuration& configuration, Time at) {
  if (configuration.object == nullptr || !latest_.has_value()) return absl::OkStatus();
  if (HoldsBundle(*configuration.object, latest_->BundlePem())) return absl::OkStatus();
  std::string written;
  // The Secret is read after the configuration: whoever has written a newer bundle into the configuration had written
  // it into the Secret before, so an older one never takes its place.
  const absl::Status status = client_
                                  .UpdateWithRetry(
                                      configuration.path,
                                      [&](Json& object) {
                                        const absl::StatusOr<Json> secret = client_.Get(secret_path_, Call());
                                        if (!secret.ok())
                                          return absl::IsNotFound(secret.status()) ? NothingToDo() : secret.status();
                                        const absl::StatusOr<CertificateSecret> content =
                                            DecodeCertificateSecret(*secret);
                                        if (!content.ok() || !IsOurSecret(*secret)) return NothingToDo();
                                        written = content->BundlePem();
                                        if (HoldsBundle(object, written)) return NothingToDo();
                                        SetCaBundle(object, written);
                                        return absl::OkStatus();
                                      },
                                      false, Call())
                                  .status();
  if (absl::IsNotFound(status)) return absl::OkStatus();
  if (!status.ok()) return IgnoreNothing(status);
  Tell(StrCat("caBundle written into the ", configuration.kind));
  const bool is_fight = configuration.last_written == written && at - configuration.last_write < options_.fight_time;
  configuration.last_written = written;
  configuration.last_write = at;
  configuration.attempt.not_before = {};
  if (is_fight) {
    configuration.attempt.Postpone(at);
  } else {
    configuration.attempt.backoff.Reset();
  }
  return absl::OkStatus();
}

// ---- telling

std::string CertificateManager::FindNotReadyReason() {
  if (!served_.has_value()) return "no serving certificate yet";
  if (served_->validity().not_after < options_.now()) return "the serving certificate has expired";
  if (has_been_trusted_) return "";
  if (!HasSyncedConfigurations()) return "the webhook configurations have not been read yet";
  const bool is_any = std::any_of(configurations_.begin(), configurations_.end(),
                                  [](const Configuration& each) { return each.object != nullptr; });
  if (!is_any) return StrCat("there is no webhook configuration ", options_.configuration_name);
  has_been_trusted_ = trust_.TrustedSince(served_->authority.certificate).has_value();
  if (has_been_trusted_) return "";
  return StrCat("the webhook configuration ", options_.configuration_name, " does not hold the CA yet");
}

void CertificateManager::Report(const absl::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    last_error_ = std::string(MessageOf(status));
  }
  if (options_.on_error) options_.on_error(status);
}

void CertificateManager::Tell(std::string_view what) const {
  if (options_.on_event) options_.on_event(what);
}

}  // namespace tidewaiter
