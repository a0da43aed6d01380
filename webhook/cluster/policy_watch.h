// SPDX-License-Identifier: Apache-2.0
//
// The PodPolicy objects of the cluster, from the API server, as documents for the reader. It judges none of them;
// policy/policy_merge.h does. Tested by tests/cluster/policy_status_test.cc.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/cluster/reflector.h"
#include "webhook/policy/policy_merge.h"

namespace tidewaiter {

// The path of a PodPolicy, or of all of them.
std::string PolicyPath(std::string_view name = "");

// What PolicyMerger reads of a PodPolicy object. DataLoss when it has no name.
absl::StatusOr<PolicyResource> DecodePolicyResource(Json object);

// Thread safe. While the API server is away, what it said last holds.
class PolicyWatch {
 public:
  // The client outlives the watch. Of the options path and kind are set here.
  explicit PolicyWatch(ApiClient& client, ReflectorOptions options = {});
  ~PolicyWatch();
  PolicyWatch(const PolicyWatch&) = delete;
  PolicyWatch& operator=(const PolicyWatch&) = delete;

  void Start() { reflector_.Start(); }
  // Ends the watch and wakes who waits for a change.
  void Stop();

  // All there are, sorted by name.
  std::vector<PolicyResource> Resources() const;
  // The status that the API server keeps of one; nullptr when it has none or there is none of that name and uid.
  std::shared_ptr<const Json> FindStatus(const std::string& name, const std::string& uid) const;

  // How often what policies ask has changed; the first list, be it empty, is the first change, a status is none. Waits
  // until that is more than `seen`, the time is over, or the watch is stopped.
  std::uint64_t WaitForChange(std::uint64_t seen, std::chrono::milliseconds timeout) const;

  const Reflector& reflector() const { return reflector_; }

 private:
  struct Entry {
    PolicyResource resource;
    std::shared_ptr<const Json> status;
  };
  using Entries = std::map<std::string, Entry>;

  class Handler;
  static absl::StatusOr<Entry> Decode(Json object);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Entries entries_;
  std::uint64_t changes_ = 0;
  bool is_stopped_ = false;
  std::unique_ptr<Handler> handler_;
  Reflector reflector_;
};

}  // namespace tidewaiter
