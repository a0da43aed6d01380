// SPDX-License-Identifier: Apache-2.0
//
// Many threads that want to know the same ask once: the first asks, the others wait for its answer. Failures hold for a
// while; good answers are for the caller to keep. Tested by tests/cluster/single_flight_test.cc.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "webhook/cluster/status_copy.h"

namespace tidewaiter {

// Thread safe.
template <typename T>
class SingleFlight {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  // So that names made up by somebody fill neither the memory nor the API server.
  static constexpr std::size_t kMaxRemembered = 1024;
  static constexpr std::size_t kMaxFlights = 8;

  explicit SingleFlight(std::chrono::milliseconds failure_holds, Clock clock = std::chrono::steady_clock::now)
      : failure_holds_(failure_holds), clock_(std::move(clock)) {}

  // What `ask` returns to this thread, or returned to another one that asked for the same key while this one waited, or
  // a failure of a moment ago. DeadlineExceeded when `patience` is over first; `ask` is told what is left of
  // it, and keeps to that by itself.
  absl::StatusOr<T> Get(const std::string& key, std::chrono::milliseconds patience,
                        const std::function<absl::StatusOr<T>(std::chrono::milliseconds left)>& ask) {
    std::unique_lock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const auto failure = failures_.find(key);
    if (failure != failures_.end()) {
      if (clock_() < failure->second.until) return CopyForAnotherThread(failure->second.status);
      failures_.erase(failure);
    }
    if (const auto found = flights_.find(key); found != flights_.end()) {
      const std::shared_ptr<Flight> flight = found->second;
      if (!landed_.wait_until(lock, deadline, [&] { return flight->result.has_value(); })) return TooLate();
      return Share(*flight->result);
    }
    if (!landed_.wait_until(lock, deadline, [&] { return flights_.size() < kMaxFlights; })) return TooLate();
    // Others may have begun the same while this one waited for a place.
    const auto [place, is_first] = flights_.try_emplace(key, std::make_shared<Flight>());
    const std::shared_ptr<Flight> flight = place->second;
    if (!is_first) {
      if (!landed_.wait_until(lock, deadline, [&] { return flight->result.has_value(); })) return TooLate();
      return Share(*flight->result);
    }
    lock.unlock();
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    absl::StatusOr<T> result = ask(std::max(left, std::chrono::milliseconds(1)));
    lock.lock();
    flights_.erase(key);
    if (!result.ok()) Remember(key, result.status());
    flight->result = Share(result);
    landed_.notify_all();
    return result;
  }

 private:
  struct Flight {
    std::optional<absl::StatusOr<T>> result;
  };
  struct Failure {
    absl::Status status;
    std::chrono::steady_clock::time_point until;
  };

  static absl::StatusOr<T> Share(const absl::StatusOr<T>& result) {
    if (result.ok()) return result;
    return CopyForAnotherThread(result.status());
  }

  static absl::Status TooLate() { return absl::DeadlineExceededError("no answer in time"); }

  void Remember(const std::string& key, const absl::Status& status) {
    const auto now = clock_();
    if (failures_.size() >= kMaxRemembered) {
      std::erase_if(failures_, [&](const auto& entry) { return entry.second.until <= now; });
    }
    if (failures_.size() < kMaxRemembered)
      failures_.insert_or_assign(key, Failure{CopyForAnotherThread(status), now + failure_holds_});
  }

  const std::chrono::milliseconds failure_holds_;
  const Clock clock_;
  std::mutex mutex_;
  std::condition_variable landed_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;
  std::map<std::string, Failure> failures_;
};

}  // namespace tidewaiter
