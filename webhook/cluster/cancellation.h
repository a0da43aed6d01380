// SPDX-License-Identifier: Apache-2.0
//
// Ends requests and pauses of another thread at once. It knows sockets and waiting, not what is sent over them. Tested
// by tests/cluster/api_client_test.cc and tests/cluster/watch_test.cc.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>

namespace tidewaiter {

// The socket of a connection, for other threads to interrupt. It holds a duplicate of the descriptor: the connection's
// owner may close his at any time without this one meaning another socket then. Thread safe.
class InterruptibleSocket {
 public:
  InterruptibleSocket() = default;
  ~InterruptibleSocket();
  InterruptibleSocket(const InterruptibleSocket&) = delete;
  InterruptibleSocket& operator=(const InterruptibleSocket&) = delete;

  // Holds this socket from now on instead of the one before.
  void Hold(int descriptor);
  // Shuts the socket down: reads and writes on it end at once. Without effect while it is not connecting yet.
  void Interrupt();

 private:
  std::mutex mutex_;
  int duplicate_ = -1;
};

// Thread safe. Outlives every request and pause it was given to. Cannot be taken back.
class Cancellation {
 public:
  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  // Ends requests and pauses that are under way, and each that begins later. A socket between its creation and its
  // connecting escapes: who waits for the end of a thread calls this again now and then.
  void Cancel();
  bool is_cancelled() const;

  // Pauses this thread; true as soon as it is cancelled, false when the time is over.
  bool WaitFor(std::chrono::milliseconds pause);

 private:
  friend class CancellationScope;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool is_cancelled_ = false;
  std::set<InterruptibleSocket*> sockets_;
};

// As long as it lives, the cancellation (none when nullptr) interrupts the socket.
class CancellationScope {
 public:
  CancellationScope(Cancellation* cancellation, InterruptibleSocket& socket);
  ~CancellationScope();
  CancellationScope(const CancellationScope&) = delete;
  CancellationScope& operator=(const CancellationScope&) = delete;

 private:
  Cancellation* const cancellation_;
  InterruptibleSocket& socket_;
};

}  // namespace tidewaiter
