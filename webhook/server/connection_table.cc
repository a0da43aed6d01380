// SPDX-License-Identifier: Apache-2.0
//
// One mutex around the map and the busy flags; nothing slow is done under it but closing sockets.
#include "webhook/server/connection_table.h"

#include <utility>

namespace tidewaiter {

std::uint64_t ConnectionTable::Add(std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  connection->key = next_key_++;
  const std::uint64_t key = connection->key;
  connections_.emplace(key, std::move(connection));
  return key;
}

Connection* ConnectionTable::Take(std::uint64_t key) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(key);
  if (found == connections_.end() || found->second->is_busy) return nullptr;
  found->second->is_busy = true;
  return found->second.get();
}

void ConnectionTable::Release(Connection& connection, absl::FunctionRef<void(std::uint64_t key)> rearm) {
  const std::lock_guard lock(mutex_);
  connection.is_busy = false;
  rearm(connection.key);
}

void ConnectionTable::Remove(Connection& connection) {
  const std::lock_guard lock(mutex_);
  Erase(connections_.find(connection.key));
}

void ConnectionTable::CloseOverdue(SteadyTime now, bool all_idle,
                                   absl::FunctionRef<void(std::string_view reason)> count_loss) {
  const std::lock_guard lock(mutex_);
  for (auto entry = connections_.begin(); entry != connections_.end();) {
    Connection& connection = *entry->second;
    // Who is busy belongs to a worker: nothing of it may even be read here.
    const bool is_overdue = !connection.is_busy && connection.deadline <= now;
    const bool is_unwanted = !connection.is_busy && all_idle && connection.is_idle() && !connection.is_lingering;
    if (!is_overdue && !is_unwanted) {
      ++entry;
      continue;
    }
    if (is_overdue && !connection.is_shaken) {
      count_loss("handshake_failed");
    } else if (is_overdue && !connection.is_idle()) {
      count_loss(connection.output.empty() ? "request_timeout" : "write_timeout");
    }
    if (!connection.is_lingering) connection.EndOutput();
    entry = Erase(entry);
  }
}

void ConnectionTable::CountInput(Connection& connection) {
  // Wraps around when it shrinks, as unsigned sums do.
  buffered_bytes_ += connection.input.size() - connection.counted_input;
  connection.counted_input = connection.input.size();
}

std::size_t ConnectionTable::size() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

ConnectionCounts ConnectionTable::Count() const {
  const std::lock_guard lock(mutex_);
  ConnectionCounts counts;
  for (const auto& [key, connection] : connections_) {
    ++(!connection->is_shaken ? counts.handshaking : connection->is_busy ? counts.active : counts.parked);
  }
  return counts;
}

bool ConnectionTable::WaitUntilEmpty(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  return is_empty_.wait_for(lock, most, [this] { return connections_.empty(); });
}

void ConnectionTable::Clear() {
  const std::lock_guard lock(mutex_);
  while (!connections_.empty()) Erase(connections_.begin());
}

ConnectionTable::Connections::iterator ConnectionTable::Erase(Connections::iterator entry) {
  buffered_bytes_ -= entry->second->counted_input;
  const auto next = connections_.erase(entry);
  if (connections_.empty()) is_empty_.notify_all();
  return next;
}

}  // namespace tidewaiter
