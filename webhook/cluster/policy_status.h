// SPDX-License-Identifier: Apache-2.0
//
// The status of PodPolicy objects: what one is, and when it is written. Whether this replica is the one to write is
// leader_lease.h's. Tested by tests/cluster/policy_status_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/cluster/api_client.h"
#include "webhook/cluster/policy_watch.h"
#include "webhook/policy/policy_merge.h"

namespace tidewaiter {

// Findings in the last hour, by the mode they counted in.
struct FindingCounts {
  std::uint64_t enforce = 0;
  std::uint64_t warn = 0;
  std::uint64_t audit = 0;
};

// The `status` of the object. `before` is the one it has (nullptr: none): the time of a condition that is as it was
// stays. `now` is in seconds since 1970.
Json PolicyStatus(const ResourceOutcome& outcome, const FindingCounts& findings, const Json* before, std::int64_t now);

struct PolicyStatusOptions {
  // No policy's status is written more often than this, and for its findings alone not more often than that.
  std::chrono::milliseconds pause{2'000};
  std::chrono::milliseconds findings_pause{60'000};
  std::chrono::milliseconds timeout{5'000};  // of each write
  std::function<std::chrono::steady_clock::time_point()> clock = std::chrono::steady_clock::now;
  std::function<std::int64_t()> wall_clock;  // seconds since 1970; empty = the system's
};

// Not thread safe.
class PolicyStatusWriter {
 public:
  // Client and watch outlive the writer.
  PolicyStatusWriter(ApiClient& client, const PolicyWatch& watch, PolicyStatusOptions options = {});

  // Writes every status that is not as it should be and is due; `findings` by name of the policy. Goes on after a
  // failure and returns the first one; an object that is gone, or is another one of that name by now, is none.
  absl::Status WriteDue(const std::vector<ResourceOutcome>& outcomes,
                        const std::map<std::string, FindingCounts>& findings, Cancellation& cancellation);

 private:
  bool IsDue(const ResourceOutcome& outcome, const Json& wanted, const Json* before) const;
  absl::Status Write(const ResourceOutcome& outcome, const Json& status, Cancellation& cancellation);

  ApiClient& client_;
  const PolicyWatch& watch_;
  const PolicyStatusOptions options_;
  std::map<std::string, std::chrono::steady_clock::time_point> written_at_;  // by uid
};

}  // namespace tidewaiter
