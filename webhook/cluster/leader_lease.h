// SPDX-License-Identifier: Apache-2.0
//
// One leader among the replicas, by a Lease of coordination.k8s.io/v1, as client-go's leader election does it: it is
// renewed long before it runs out, and taken over only when it was seen unchanged, by one's own clock, for as long as
// it lasts; so clocks need not agree. Who has lost it must stop within the difference of lease_duration and
// renew_deadline. Tested by tests/cluster/leader_lease_test.cc.
//
// Source: client-go tools/leaderelection/leaderelection.go, and its defaults in component-base config/v1alpha1.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "webhook/cluster/api_client.h"

namespace tidewaiter {

struct LeaderLeaseOptions {
  std::string namespace_name;
  std::string name = "tidewaiter";
  std::string identity;                     // of this replica; no other has it
  std::chrono::seconds lease_duration{15};  // how long the others wait after the last renewal they saw
  std::chrono::seconds renew_deadline{10};  // is_leader() is over when renewing has failed for so long
  std::chrono::milliseconds retry_period{2'000};
  std::function<std::chrono::steady_clock::time_point()> clock = std::chrono::steady_clock::now;
  // Seconds since 1970, for the times that people read in the Lease.
  std::function<double()> wall_clock;
  // Told whenever is_leader() has changed, and of failures other than somebody else's holding it; on the thread.
  std::function<void(bool is_leader)> on_change;
  std::function<void(const absl::Status& why)> on_error;
};

class LeaderLease {
 public:
  // The client outlives the lease.
  LeaderLease(ApiClient& client, LeaderLeaseOptions options);
  ~LeaderLease() { Stop(); }
  LeaderLease(const LeaderLease&) = delete;
  LeaderLease& operator=(const LeaderLease&) = delete;

  // Tries every retry_period on a thread of its own. Once.
  void Start();
  // Ends that, and gives the lease back so that another replica need not wait for it to run out. At most two seconds.
  void Stop();

  // Thread safe: whether the lease is ours, and was renewed within renew_deadline.
  bool is_leader() const;

  // One try to get or keep it; what Start's thread does. Not from two threads at once. The API server's refusal, or
  // OK whoever holds it.
  absl::Status Try();

 private:
  absl::Status Write(const Json& lease, bool is_new);
  void NoteHeld(bool is_held);
  void Release();
  bool HasRunOut(const Json& spec) const;

  ApiClient& client_;
  const LeaderLeaseOptions options_;
  const std::string path_;
  Cancellation cancellation_;
  std::thread thread_;

  // Of the thread that tries: the record as it was last seen, and when it was first seen so.
  std::string observed_;
  std::chrono::steady_clock::time_point observed_at_;
  bool was_leader_ = false;

  mutable std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> renewed_at_;  // while it is ours
};

}  // namespace tidewaiter
