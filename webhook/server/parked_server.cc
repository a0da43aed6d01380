// SPDX-License-Identifier: Apache-2.0
//
// One waiter thread (epoll: accept, readiness, deadlines) and a few workers (handshake, read, handle, write). A connection is
// in one of two hands: parked, then only the waiter may close it; or active, then only the worker that took it from the
// queue. mutex_ guards the passing from hand to hand and the list of connections.
#include "webhook/server/parked_server.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "webhook/server/listener.h"
#include "webhook/server/request_framer.h"

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Progress = Connection::Progress;

// How often deadlines are looked at, and how late a connection may be closed.
constexpr milliseconds kSweepInterval{250};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

class EpollServer final : public ParkedServer {
 public:
  EpollServer(Listener listener, ServingCertificate certificate, ServerLimits limits, RequestHandler& handler)
      : listener_(listener),
        limits_(limits),
        handler_(handler),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        certificate_(std::move(certificate)) {
    Watch(EPOLL_CTL_ADD, listener_.socket, EPOLLIN, &listener_);
    Watch(EPOLL_CTL_ADD, wake_, EPOLLIN, &wake_);
    waiter_ = std::thread([this] { Wait(); });
    for (int i = 0; i < limits_.workers; ++i) workers_.emplace_back([this] { Work(); });
  }

  ~EpollServer() override {
    Stop(milliseconds{0});
    close(wake_);
    close(epoll_);
  }

  int port() const override { return listener_.port; }

  ConnectionCounts CountConnections() const override {
    const std::lock_guard lock(mutex_);
    ConnectionCounts counts;
    for (const auto& [raw, owner] : connections_) {
      ++(!raw->is_shaken ? counts.handshaking : raw->is_busy ? counts.active : counts.parked);
    }
    return counts;
  }

  void SetCertificate(ServingCertificate certificate) override {
    const std::lock_guard lock(mutex_);
    certificate_ = std::move(certificate);
  }

  void BeginDrain() override { is_draining_ = true; }

  void Stop(milliseconds grace) override {
    if (!waiter_.joinable()) return;
    is_draining_ = true;
    is_stopping_ = true;
    Wake();
    {
      std::unique_lock lock(mutex_);
      is_empty_.wait_for(lock, grace, [this] { return connections_.empty(); });
      is_stopped_ = true;
    }
    Wake();
    has_work_.notify_all();
    waiter_.join();
    for (std::thread& worker : workers_) worker.join();
    connections_.clear();
  }

 private:
  using Connections = std::unordered_map<Connection*, std::unique_ptr<Connection>>;

  struct Task {
    Connection* connection;
    bool is_overloaded;
  };

  void Watch(int operation, int descriptor, std::uint32_t events, void* tag) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = tag;
    epoll_ctl(epoll_, operation, descriptor, &event);
  }

  void Wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
  }

  // ---- the waiter's hand

  void Wait() {
    std::array<epoll_event, 64> events;
    SteadyTime next_sweep = steady_clock::now() + kSweepInterval;
    bool is_listening = true;
    while (!is_stopped_) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(kSweepInterval.count()));
      for (int i = 0; i < count; ++i) {
        void* tag = events[static_cast<std::size_t>(i)].data.ptr;
        if (tag == &listener_) {
          AcceptAll();
        } else if (tag == &wake_) {
          std::uint64_t ignored = 0;
          [[maybe_unused]] const ssize_t got = read(wake_, &ignored, sizeof(ignored));
        } else {
          Enqueue(static_cast<Connection*>(tag));
        }
      }
      if (is_stopping_ && is_listening) {
        Watch(EPOLL_CTL_DEL, listener_.socket, 0, nullptr);
        close(listener_.socket);
        is_listening = false;
        Sweep(true);
      }
      if (const SteadyTime now = steady_clock::now(); now >= next_sweep) {
        Sweep(false);
        next_sweep = now + kSweepInterval;
      }
    }
    if (is_listening) close(listener_.socket);
  }

  void AcceptAll() {
    // Some at a time, so that a flood of connects does not keep the waiter from those that are connected.
    for (int i = 0; i < 64; ++i) {
      std::string address;
      const int descriptor = AcceptTcp(listener_.socket, address);
      if (descriptor < 0) {
        // Out of descriptors or memory: the listener stays readable, and spinning would help nobody.
        if (errno != EAGAIN && errno != EWOULDBLOCK) std::this_thread::sleep_for(milliseconds{5});
        return;
      }
      const std::lock_guard lock(mutex_);
      SslPtr ssl(connections_.size() < limits_.max_connections ? SSL_new(certificate_.context.get()) : nullptr);
      if (ssl == nullptr) {
        close(descriptor);
        handler_.CountLoss("connection_limit");
        continue;
      }
      auto connection = std::make_unique<Connection>(descriptor, std::move(ssl), std::move(address));
      connection->deadline = steady_clock::now() + limits_.handshake_timeout;
      Connection* raw = connection.get();
      connections_.emplace(raw, std::move(connection));
      Watch(EPOLL_CTL_ADD, descriptor, EPOLLIN | EPOLLONESHOT, raw);
    }
  }

  void Enqueue(Connection* connection) {
    {
      const std::lock_guard lock(mutex_);
      connection->is_busy = true;
      queue_.push_back({connection, queue_.size() >= limits_.max_queue});
    }
    has_work_.notify_one();
  }

  // Closes parked connections whose time is over; all that hold no request when `all_idle`.
  void Sweep(bool all_idle) {
    const SteadyTime now = steady_clock::now();
    const std::lock_guard lock(mutex_);
    for (auto entry = connections_.begin(); entry != connections_.end();) {
      Connection& connection = *entry->first;
      if (connection.is_busy || (connection.deadline > now && !(all_idle && IsIdle(connection)))) {
        ++entry;
        continue;
      }
      if (connection.deadline <= now && !connection.is_shaken) {
        handler_.CountLoss("handshake_failed");
      } else if (connection.deadline <= now && !IsIdle(connection)) {
        handler_.CountLoss(connection.output.empty() ? "request_timeout" : "write_timeout");
      }
      connection.Shutdown();
      entry = Forget(entry);
    }
  }

  // ---- a worker's hand

  void Work() {
    while (true) {
      Task task{};
      {
        std::unique_lock lock(mutex_);
        has_work_.wait(lock, [this] { return is_stopped_ || !queue_.empty(); });
        if (is_stopped_) return;
        task = queue_.front();
        queue_.pop_front();
      }
      Serve(*task.connection, task.is_overloaded);
    }
  }

  // Does all that can be done without waiting, then parks or closes the connection.
  void Serve(Connection& connection, bool is_overloaded) {
    if (!connection.is_shaken) {
      const Progress progress = connection.Handshake();
      if (progress == Progress::kClosed) handler_.CountLoss("handshake_failed");
      if (progress == Progress::kClosed) return Close(connection);
      if (progress != Progress::kDone) return Park(connection, progress);
      connection.is_shaken = true;
      connection.deadline = steady_clock::now() + limits_.idle_timeout;
    }
    while (true) {
      if (!connection.output.empty()) {
        const Progress progress = connection.Write();
        if (progress == Progress::kClosed) return Close(connection);
        if (progress != Progress::kDone) {
          connection.deadline = steady_clock::now() + limits_.write_timeout;
          return Park(connection, progress);
        }
        std::string().swap(connection.output);  // an idle connection holds no memory
      }
      if (connection.is_closing) {
        connection.Shutdown();
        return Close(connection);
      }
      if (AnswerOne(connection, is_overloaded)) continue;
      if (connection.is_peer_done) return Close(connection);
      const std::size_t before = connection.input.size();
      const Progress progress = connection.Read(limits_.max_header_bytes + limits_.max_body_bytes);
      if (progress == Progress::kClosed) connection.is_peer_done = true;
      if (before == 0 && !connection.input.empty()) connection.request_start = steady_clock::now();
      CountInput(connection, connection.input.size());
      if (connection.input.size() > before || connection.is_peer_done) continue;
      connection.deadline = connection.input.empty() ? steady_clock::now() + limits_.idle_timeout
                                                     : connection.request_start + limits_.request_timeout;
      return Park(connection, Progress::kWantRead);
    }
  }

  // Answers the first request of the input, if it is whole or can never be; false when more bytes are needed.
  bool AnswerOne(Connection& connection, bool is_overloaded) {
    if (connection.input.empty()) return false;
    const Frame frame = FrameRequest(connection.input, {limits_.max_header_bytes, limits_.max_body_bytes});
    if (frame.state == Frame::State::kIncomplete) {
      // What single requests may hold, all together may not: 10,000 half-sent bodies would be 80 GB.
      if (buffered_ > limits_.max_buffered_bytes && connection.input.size() > limits_.max_header_bytes) {
        return Answer(connection, handler_.Refuse(429, "overloaded", "too many large requests at once"), true, 0);
      }
      if (!frame.expects_continue || connection.has_sent_continue) return false;
      connection.has_sent_continue = true;
      connection.output = kContinue;
      return true;
    }
    if (frame.state == Frame::State::kRefused) {
      return Answer(connection, handler_.Refuse(frame.status, frame.reason, frame.text), true, 0);
    }
    return Answer(connection,
                  handler_.Handle({.bytes = std::string_view(connection.input).substr(0, frame.size),
                                   .remote_address = connection.remote_address(),
                                   .start = connection.request_start,
                                   .is_overloaded = is_overloaded,
                                   .is_draining = is_draining_}),
                  false, frame.size);
  }

  // Takes an answer over, and the request it answers out of the input.
  bool Answer(Connection& connection, HttpAnswer answer, bool closes, std::size_t request_size) {
    connection.output = std::move(answer.bytes);
    connection.is_closing = answer.closes || closes;
    connection.has_sent_continue = false;
    if (connection.is_closing || request_size >= connection.input.size()) {
      std::string().swap(connection.input);
    } else {
      connection.input.erase(0, request_size);
      connection.request_start = steady_clock::now();
    }
    CountInput(connection, connection.input.size());
    return true;
  }

  void CountInput(Connection& connection, std::size_t size) {
    buffered_ += size - connection.counted_input;  // wraps around when it shrinks, as unsigned sums do
    connection.counted_input = size;
  }

  static bool IsIdle(const Connection& connection) { return connection.input.empty() && connection.output.empty(); }

  void Park(Connection& connection, Progress progress) {
    const std::lock_guard lock(mutex_);
    connection.is_busy = false;
    if (is_stopping_ && IsIdle(connection)) {
      connection.Shutdown();
      Forget(connections_.find(&connection));
      return;
    }
    const std::uint32_t direction = progress == Progress::kWantWrite ? EPOLLOUT : EPOLLIN;
    Watch(EPOLL_CTL_MOD, connection.socket(), direction | EPOLLONESHOT, &connection);
  }

  void Close(Connection& connection) {
    const std::lock_guard lock(mutex_);
    connection.is_busy = false;
    Forget(connections_.find(&connection));
  }

  // Closes the socket. Needs mutex_.
  Connections::iterator Forget(Connections::iterator entry) {
    CountInput(*entry->first, 0);
    const Connections::iterator next = connections_.erase(entry);
    if (connections_.empty()) is_empty_.notify_all();
    return next;
  }

  Listener listener_;  // its address and wake_'s tell the two apart from connections in epoll
  const ServerLimits limits_;
  RequestHandler& handler_;
  const int epoll_;
  int wake_;
  std::atomic<bool> is_draining_ = false;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<bool> is_stopped_ = false;

  mutable std::mutex mutex_;
  std::condition_variable has_work_;
  std::condition_variable is_empty_;
  ServingCertificate certificate_;
  Connections connections_;
  std::deque<Task> queue_;
  std::atomic<std::size_t> buffered_ = 0;  // bytes of input over all connections

  std::thread waiter_;
  std::vector<std::thread> workers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ParkedServer>> ParkedServer::Start(const std::string& host, int port,
                                                                  ServingCertificate certificate, ServerLimits limits,
                                                                  RequestHandler& handler) {
  absl::StatusOr<Listener> listener = ListenTcp(host, port);
  if (!listener.ok()) return listener.status();
  return std::make_unique<EpollServer>(*listener, std::move(certificate), limits, handler);
}

}  // namespace tidewaiter
