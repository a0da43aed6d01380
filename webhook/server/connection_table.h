// SPDX-License-Identifier: Apache-2.0
//
// All open connections, each under a key that is never used again, and who holds it: a connection is busy while a
// worker (or the keeper that closes it) has it, parked otherwise. Thread safe. Tested by
// tests/server/parked_server_test.cc.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "absl/functional/function_ref.h"
#include "webhook/server/connection.h"

namespace tidewaiter {

// How many connections are in which state.
struct ConnectionCounts {
  std::size_t handshaking = 0;
  std::size_t active = 0;
  std::size_t parked = 0;
};

class ConnectionTable {
 public:
  // Takes the connection in, parked; the result is its key.
  std::uint64_t Add(std::unique_ptr<Connection> connection);

  // Makes it busy; nullptr when it is gone or busy already.
  Connection* Take(std::uint64_t key);

  // Parks a busy connection. `rearm` is called with its key while nobody else can take it.
  void Release(Connection& connection, absl::FunctionRef<void(std::uint64_t key)> rearm);

  // Closes and forgets a busy connection.
  void Remove(Connection& connection);

  // Closes parked connections whose deadline is over, with `all_idle` all that hold no request as well. `count_loss`
  // gets one of RequestHandler's reasons for each that is lost.
  void CloseOverdue(SteadyTime now, bool all_idle, absl::FunctionRef<void(std::string_view reason)> count_loss);

  // Brings buffered_bytes() up to date with a busy connection's input.
  void CountInput(Connection& connection);
  // Bytes of requests that are not whole yet, over all connections.
  std::size_t buffered_bytes() const { return buffered_bytes_; }

  std::size_t size() const;
  ConnectionCounts Count() const;
  // Whether it became empty in time.
  bool WaitUntilEmpty(std::chrono::milliseconds most);
  // Closes all. No connection may be busy.
  void Clear();

 private:
  using Connections = std::unordered_map<std::uint64_t, std::unique_ptr<Connection>>;
  Connections::iterator Erase(Connections::iterator entry);

  mutable std::mutex mutex_;
  std::condition_variable is_empty_;
  Connections connections_;
  std::uint64_t next_key_ = 1;
  std::atomic<std::size_t> buffered_bytes_ = 0;
};

}  // namespace tidewaiter
