// SPDX-License-Identifier: Apache-2.0
//
// Two threads beside the watches and the lease: one puts changed policies in force, one writes what became of them.
#include "webhook/cli/cluster_policies.h"

#include <malloc.h>
#include <unistd.h>

#include <array>
#include <random>
#include <utility>
#include <vector>

#include "webhook/cluster/survive.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_crd.h"

namespace tidewaiter {
namespace {

constexpr std::chrono::milliseconds kStatusInterval{500};
constexpr std::chrono::milliseconds kApplyInterval{500};

// Unlike any other replica's: the Pod's name, and a random number for a container that was started anew.
std::string Identity() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return StrCat(std::string(name.data()), "_", std::random_device{}());
}

}  // namespace

absl::StatusOr<std::unique_ptr<ClusterPolicies>> ClusterPolicies::Make(ClusterConfig config, const std::string& lease) {
  LeaderLeaseOptions options;
  options.namespace_name = config.namespace_name;
  options.identity = Identity();
  if (!lease.empty()) {
    const std::size_t slash = lease.find('/');
    if (slash == 0 || slash == std::string::npos || slash + 1 == lease.size() ||
        lease.find('/', slash + 1) != std::string::npos) {
      return InvalidArgument(StrCat("--lease: expected NAMESPACE/NAME, found \"", lease, "\""));
    }
    options.namespace_name = lease.substr(0, slash);
    options.name = lease.substr(slash + 1);
  }
  return std::unique_ptr<ClusterPolicies>(new ClusterPolicies(std::move(config), std::move(options)));
}

ClusterPolicies::ClusterPolicies(ClusterConfig config, LeaderLeaseOptions lease)
    : client_(std::move(config)),
      namespaces_(client_, NamespaceWatchOptions{.reflector = Watched("namespaces")}),
      policies_(client_, Watched(std::string(kPolicyPlural))),
      lease_(client_,
             [&] {
               lease.on_error = [this](const absl::Status& why) { Say("lease", why); };
               lease.on_change = [this](bool is_leader) {
                 ForgetFailures("lease");
                 server_->log().Write(LogLevel::kInfo, is_leader ? "leading: this replica writes the status of policies"
                                                                 : "no longer leading");
               };
               return std::move(lease);
             }()),
      status_writer_(client_, policies_) {}

ReflectorOptions ClusterPolicies::Watched(const std::string& resource) {
  ReflectorOptions options;
  options.on_error = [this, resource](const absl::Status& why) { Say(resource, why); };
  return options;
}

void ClusterPolicies::Say(const std::string& what, const absl::Status& why) {
  bool is_new = false;
  {
    const std::lock_guard lock(said_mutex_);
    const auto [said, is_first] = said_.try_emplace(what, why.code());
    is_new = is_first || said->second != why.code();
    said->second = why.code();
  }
  const bool has_no_kind = what == kPolicyPlural && absl::IsNotFound(why);
  server_->log().Write(is_new ? LogLevel::kWarn : LogLevel::kDebug,
                       has_no_kind ? "the API server does not know podpolicies yet: apply manifests/crd.yaml; until "
                                     "then it is asked again"
                                   : "the API server failed and is asked again; what it said last holds",
                       {{"for", what}, {"error", std::string(MessageOf(why))}});
}

void ClusterPolicies::ForgetFailures(const std::string& what) {
  const std::lock_guard lock(said_mutex_);
  said_.erase(what);
}

void ClusterPolicies::Prepare(ServeOptions& options) {
  options.namespaces = std::shared_ptr<const NamespaceSource>(std::shared_ptr<void>(), &namespaces_);  // not owned
  options.has_cluster_policies = true;
  options.readiness = [this] { return Readiness(); };
}

void ClusterPolicies::Start(WebhookServer& server) {
  server_ = &server;
  server.metrics().SetClusterSource([this] { return State(); });
  namespaces_.Start();
  policies_.Start();
  lease_.Start();
  applier_ = std::thread([this] { ApplyChanges(); });
  status_thread_ = std::thread([this] { WriteStatuses(); });
}

void ClusterPolicies::Stop() {
  if (server_ == nullptr) return;
  cancellation_.Cancel();
  policies_.Stop();
  namespaces_.Stop();
  applier_.join();
  status_thread_.join();
  lease_.Stop();
  server_->metrics().SetClusterSource(nullptr);
  server_ = nullptr;
}

std::string ClusterPolicies::Readiness() const {
  if (!namespaces_.reflector().has_synced()) return "waiting for the first list of namespaces";
  if (!has_policies_) return "waiting for the first list of policies";
  return {};
}

void ClusterPolicies::ApplyChanges() {
  std::uint64_t seen = 0;
  while (!cancellation_.is_cancelled()) {
    const std::uint64_t now = policies_.WaitForChange(seen, kApplyInterval);
    if (now == seen) continue;
    if (!Survives([this] { server_->SetClusterPolicies(policies_.Resources()); })) {
      cancellation_.WaitFor(kPauseAfterThrow);
      continue;
    }
    seen = now;
    malloc_trim(0);  // many small pieces were needed for a moment, and the heap would keep them
    has_policies_ = true;
  }
}

void ClusterPolicies::WriteStatuses() {
  RecentFindings findings;
  while (!cancellation_.WaitFor(kStatusInterval)) {
    Survives([&] { WriteStatus(findings); });
  }
}

void ClusterPolicies::WriteStatus(RecentFindings& findings) {
  const auto recent = findings.Look(server_->metrics().CountFindings(), std::chrono::steady_clock::now());
  if (namespaces_.reflector().last_error().ok()) ForgetFailures("namespaces");
  if (policies_.reflector().last_error().ok()) ForgetFailures(std::string(kPolicyPlural));
  if (!has_policies_ || !lease_.is_leader()) return;
  const absl::Status status = status_writer_.WriteDue(server_->cluster_outcomes(), recent, cancellation_);
  if (cancellation_.is_cancelled()) return;
  if (status.ok()) {
    ForgetFailures("status");
  } else {
    Say("status", status);
  }
}

ClusterState ClusterPolicies::State() const {
  const auto of = [](std::string resource, const Reflector& reflector) {
    return ClusterResourceState{
        .resource = std::move(resource), .age = reflector.AgeOfState(), .errors = reflector.counters().errors};
  };
  return {
      .resources = {of("namespaces", namespaces_.reflector()), of(std::string(kPolicyPlural), policies_.reflector())},
      .is_leader = lease_.is_leader()};
}

}  // namespace tidewaiter
