// SPDX-License-Identifier: Apache-2.0
//
// Get, look, write with the resourceVersion that was read: when two replicas try at once, the API server refuses one.
#include "webhook/cluster/leader_lease.h"

#include <ctime>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "webhook/cluster/survive.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr char kLeaseApi[] = "/apis/coordination.k8s.io/v1";
constexpr std::chrono::milliseconds kReleaseTimeout{1'500};

// meta/v1 MicroTime.
std::string MicroTime(double seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::UnixEpoch() + absl::Seconds(seconds), absl::UTCTimeZone());
}

std::int64_t IntegerAt(const Json& json, std::string_view key) {
  const Json* const value = FindAt(json, {key});
  return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

}  // namespace

LeaderLease::LeaderLease(ApiClient& client, LeaderLeaseOptions options)
    : client_(client),
      options_([&] {
        if (!options.wall_clock)
          options.wall_clock = [] { return absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()); };
        return std::move(options);
      }()),
      path_(ResourcePath(kLeaseApi, options_.namespace_name, "leases", options_.name)) {}

void LeaderLease::Start() {
  thread_ = std::thread([this] {
    while (!cancellation_.is_cancelled()) {
      Survives([this] {
        const absl::Status status = Try();
        if (!status.ok() && !cancellation_.is_cancelled() && options_.on_error) options_.on_error(status);
        NoteHeld(is_leader());
      });
      cancellation_.WaitFor(options_.retry_period);
    }
  });
}

void LeaderLease::Stop() {
  cancellation_.Cancel();
  if (!thread_.joinable()) return;
  thread_.join();
  if (is_leader()) Release();
  NoteHeld(false);
}

bool LeaderLease::is_leader() const {
  const std::lock_guard lock(mutex_);
  return renewed_at_.has_value() && options_.clock() - *renewed_at_ < options_.renew_deadline;
}

// Tells of a change.
void LeaderLease::NoteHeld(bool is_held) {
  if (is_held != was_leader_ && options_.on_change) options_.on_change(is_held);
  was_leader_ = is_held;
}

bool LeaderLease::HasRunOut(const Json& spec) const {
  const std::chrono::seconds duration(IntegerAt(spec, "leaseDurationSeconds"));
  return options_.clock() - observed_at_ >= duration;
}

absl::Status LeaderLease::Try() {
  const CallOptions call{.timeout = options_.renew_deadline / 2, .cancellation = &cancellation_};
  absl::StatusOr<Json> lease = client_.Get(path_, call);
  const bool is_new = absl::IsNotFound(lease.status());
  if (!lease.ok() && !is_new) return lease.status();
  if (is_new) {
    lease = Json{{"apiVersion", "coordination.k8s.io/v1"},
                 {"kind", "Lease"},
                 {"metadata", {{"name", options_.name}, {"namespace", options_.namespace_name}}},
                 {"spec", Json::object()}};
  }
  Json& spec = (*lease)["spec"];
  if (!spec.is_object()) spec = Json::object();
  if (const std::string seen = WriteJson(spec); seen != observed_) {
    observed_ = seen;
    observed_at_ = options_.clock();
  }
  const std::string holder = TextAt(spec, {"holderIdentity"});
  if (holder != options_.identity) {
    {
      const std::lock_guard lock(mutex_);
      renewed_at_.reset();
    }
    if (!holder.empty() && !HasRunOut(spec)) return absl::OkStatus();
  }
  const std::string now = MicroTime(options_.wall_clock());
  if (holder != options_.identity) {
    // A first holder is no transition, one after it is.
    if (!is_new) spec["leaseTransitions"] = IntegerAt(spec, "leaseTransitions") + 1;
    spec["acquireTime"] = now;
  }
  spec["holderIdentity"] = options_.identity;
  spec["leaseDurationSeconds"] = options_.lease_duration.count();
  spec["renewTime"] = now;
  return Write(*lease, is_new);
}

absl::Status LeaderLease::Write(const Json& lease, bool is_new) {
  // Counted from before the request: the others cannot have seen it earlier.
  const auto before = options_.clock();
  const CallOptions call{.timeout = options_.renew_deadline / 2, .cancellation = &cancellation_};
  const absl::StatusOr<Json> written =
      is_new ? client_.Create(ResourcePath(kLeaseApi, options_.namespace_name, "leases"), lease, call)
             : client_.Update(path_, lease, call);
  // Another one was faster: no failure, and the next try shows who it is.
  if (absl::IsAborted(written.status()) || absl::IsAlreadyExists(written.status())) return absl::OkStatus();
  if (!written.ok()) return written.status();
  observed_ = WriteJson((*written)["spec"]);
  observed_at_ = before;
  const std::lock_guard lock(mutex_);
  renewed_at_ = before;
  return absl::OkStatus();
}

void LeaderLease::Release() {
  absl::StatusOr<Json> lease = client_.Get(path_, {.timeout = kReleaseTimeout / 2, .cancellation = nullptr});
  if (!lease.ok() || TextAt(*lease, {"spec", "holderIdentity"}) != options_.identity) return;
  (*lease)["spec"]["holderIdentity"] = "";
  (*lease)["spec"]["leaseDurationSeconds"] = 1;
  client_.Update(path_, *lease, {.timeout = kReleaseTimeout / 2, .cancellation = nullptr}).status().IgnoreError();
  const std::lock_guard lock(mutex_);
  renewed_at_.reset();
}

}  // namespace tidewaiter
