// SPDX-License-Identifier: Apache-2.0
//
// Workers wait in epoll themselves, each for one readable connection at a time (EPOLLONESHOT), so a request costs no
// hand over between threads. A keeper thread accepts, closes what is overdue, and measures how long a readable
// connection waits for a worker. A connection belongs to whoever made it busy under mutex_.
#include "webhook/server/parked_server.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "webhook/server/connection_table.h"
#include "webhook/server/listener.h"
#include "webhook/server/request_framer.h"

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Progress = Connection::Progress;

// How often deadlines are looked at, and how late a connection may be closed.
constexpr milliseconds kSweepInterval{250};
// How often the wait for a worker is measured.
constexpr milliseconds kProbeInterval{20};
// Pieces of a record and post-handshake messages (TLS 1.3 KeyUpdate, each a key derivation for us) are no request. A
// record is whole after some ten reads on any real network; a client that goes on and on wants something else.
constexpr int kMostFruitlessReads = 100;
// How much a worker does for one connection (a step is a read, or an answer and its sending) before others have their
// turn. A review of 8 MiB takes ten steps.
constexpr int kStepsPerTurn = 16;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// What epoll hands back: a connection's key, or one of these.
constexpr std::uint64_t kProbeTag = ~std::uint64_t{0};
constexpr std::uint64_t kStopTag = kProbeTag - 1;

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() { Close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }
  void Close() {
    if (descriptor_ >= 0) close(descriptor_);
    Release();
  }
  void Release() { descriptor_ = -1; }  // it is somebody else's to close
  void Signal() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(descriptor_, &one, sizeof(one));
  }
  void Clear() const {
    std::uint64_t ignored = 0;
    [[maybe_unused]] const ssize_t got = read(descriptor_, &ignored, sizeof(ignored));
  }

 private:
  int descriptor_;
};

void Watch(const Descriptor& epoll, int operation, int descriptor, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  epoll_ctl(epoll.get(), operation, descriptor, &event);
}

class EpollServer final : public ParkedServer {
 public:
  EpollServer(Listener listener, ServingCertificate certificate, ServerLimits limits, RequestHandler& handler)
      : listener_(listener.socket),
        port_(listener.port),
        limits_(limits),
        handler_(handler),
        certificate_(std::move(certificate)) {
    if (certificate_.context != nullptr) BeginAccepting();
    Watch(keeper_epoll_, EPOLL_CTL_ADD, keeper_wake_.get(), EPOLLIN, kStopTag);
    Watch(epoll_, EPOLL_CTL_ADD, probe_.get(), EPOLLIN | EPOLLET, kProbeTag);
    keeper_ = std::thread([this] { Keep(); });
    for (int i = 0; i < limits_.workers; ++i) workers_.emplace_back([this] { Work(); });
  }

  ~EpollServer() override { Stop(milliseconds{0}); }

  int port() const override { return port_; }

  ConnectionCounts CountConnections() const override { return table_.Count(); }

  void SetCertificate(ServingCertificate certificate) override {
    const std::lock_guard lock(certificate_mutex_);
    const bool is_first = certificate_.context == nullptr;
    certificate_ = std::move(certificate);
    if (is_first && certificate_.context != nullptr) BeginAccepting();
  }

  void BeginDrain() override { is_draining_ = true; }

  void Stop(milliseconds grace) override {
    if (!keeper_.joinable()) return;
    is_draining_ = true;
    is_stopping_ = true;
    keeper_wake_.Signal();
    table_.WaitUntilEmpty(grace);
    is_stopped_ = true;
    keeper_wake_.Signal();
    // Level-triggered and never cleared: every worker sees it.
    Watch(epoll_, EPOLL_CTL_ADD, keeper_wake_.get(), EPOLLIN, kStopTag);
    keeper_.join();
    for (std::thread& worker : workers_) worker.join();
    table_.Clear();
  }

 private:
  void BeginAccepting() { Watch(keeper_epoll_, EPOLL_CTL_ADD, listener_.get(), EPOLLIN, 0); }

  // ---- the keeper

  void Keep() {
    SteadyTime next_sweep = steady_clock::now() + kSweepInterval;
    while (!is_stopped_) {
      epoll_event event{};
      const int count = epoll_wait(keeper_epoll_.get(), &event, 1, static_cast<int>(kProbeInterval.count()));
      if (count == 1 && event.data.u64 == kStopTag) {
        keeper_wake_.Clear();
        listener_.Close();  // leaves keeper_epoll_ with it
        table_.CloseOverdue(steady_clock::now(), true, [this](std::string_view reason) { CountLoss(reason); });
      } else if (count == 1) {
        AcceptAll();
      }
      Probe();
      if (const SteadyTime now = steady_clock::now(); now >= next_sweep) {
        table_.CloseOverdue(now, is_stopping_, [this](std::string_view reason) { CountLoss(reason); });
        next_sweep = now + kSweepInterval;
      }
    }
    listener_.Close();
    keeper_wake_.Signal();  // for the workers
  }

  void AcceptAll() try {
    // Some at a time, so that a flood of connects does not keep the keeper from its other work.
    for (int i = 0; i < 64; ++i) {
      std::string address;
      address.reserve(64);  // before it is accepted: memory may end at any time
      const int socket = AcceptTcp(listener_.get(), address);
      if (socket < 0) {
        // Out of descriptors or memory: the listener stays readable, and spinning would help nobody.
        if (errno != EAGAIN && errno != EWOULDBLOCK) std::this_thread::sleep_for(milliseconds{5});
        return;
      }
      Admit(socket, std::move(address));
    }
  } catch (const std::exception&) {
    std::this_thread::sleep_for(milliseconds{5});  // the same for our own memory
  }

  void Admit(int socket, std::string address) {
    Descriptor owned(socket);
    SslPtr ssl(table_.size() < limits_.max_connections ? NewSsl() : nullptr);
    if (ssl == nullptr) return CountLoss("connection_limit");
    auto connection = std::make_unique<Connection>(socket, std::move(ssl), std::move(address));
    owned.Release();
    connection->deadline = steady_clock::now() + limits_.handshake_timeout;
    const std::uint64_t key = table_.Add(std::move(connection));
    Watch(epoll_, EPOLL_CTL_ADD, socket, EPOLLIN | EPOLLONESHOT, key);
  }

  // Counting takes memory: where there is none, it is not counted.
  void CountLoss(std::string_view reason) noexcept try { handler_.CountLoss(reason); } catch (const std::exception&) {
  }

  SslPtr NewSsl() {
    const std::lock_guard lock(certificate_mutex_);
    return SslPtr(SSL_new(certificate_.context.get()));
  }

  // A probe stands in epoll's line like a readable connection; how long it stands is how long requests wait.
  void Probe() {
    if (probe_sent_.load() != SteadyTime{}) return;
    probe_sent_ = steady_clock::now();
    probe_.Signal();
  }

  // How long a request that is taken up now has waited, about.
  std::chrono::nanoseconds WaitForWorker() const {
    const SteadyTime sent = probe_sent_;
    const std::chrono::nanoseconds pending =
        sent == SteadyTime{} ? std::chrono::nanoseconds{0} : steady_clock::now() - sent;
    return std::max<std::chrono::nanoseconds>(pending, last_wait_.load());
  }

  // ---- the workers

  void Work() {
    while (true) {
      epoll_event event{};
      if (epoll_wait(epoll_.get(), &event, 1, -1) != 1) continue;
      if (event.data.u64 == kStopTag) return;
      if (event.data.u64 == kProbeTag) {
        last_wait_ = steady_clock::now() - probe_sent_.load();
        probe_sent_ = SteadyTime{};
        continue;
      }
      // Taken by the keeper in between: closed already.
      if (Connection* connection = table_.Take(event.data.u64); connection != nullptr) ServeOrDrop(*connection);
    }
  }

  // Where there is no memory to serve it, gives the connection up with all that it holds: the others live on. Serve
  // throws only while the connection is its own: what ends a turn (Park, Linger, Close) takes no memory.
  void ServeOrDrop(Connection& connection) try { Serve(connection); } catch (const std::exception&) {
    Close(connection);
    CountLoss("internal");
  }

  // Does all that can be done without waiting, then parks or closes the connection.
  void Serve(Connection& connection) {
    if (connection.is_lingering) return Linger(connection);
    if (!connection.is_shaken) {
      const Progress progress = connection.Handshake();
      if (progress == Progress::kClosed && connection.has_refused_client()) {
        CountLoss("client_refused");
        return Linger(connection);  // the alert must reach a client that has sent its request already
      }
      if (progress == Progress::kClosed) CountLoss("handshake_failed");
      if (progress == Progress::kClosed) return Close(connection);
      if (progress != Progress::kDone) return Park(connection, progress);
      connection.is_shaken = true;
      connection.deadline = steady_clock::now() + limits_.idle_timeout;
    }
    bool has_answered = false;
    for (int step = 0; step < kStepsPerTurn; ++step) {
      if (!connection.output.empty()) {
        const Progress progress = connection.Write();
        if (progress == Progress::kClosed) return Close(connection);
        if (progress != Progress::kDone) {
          connection.deadline = steady_clock::now() + limits_.write_timeout;
          return Park(connection, progress);
        }
        std::string().swap(connection.output);  // an idle connection holds no memory
      }
      if (connection.is_closing) return Linger(connection);
      if (AnswerOne(connection)) {
        has_answered = true;
        continue;
      }
      if (connection.is_peer_done) return Close(connection);
      if (has_answered && connection.input.empty()) {
        // The next request of this connection waits its turn behind those of others.
        connection.deadline = steady_clock::now() + limits_.idle_timeout;
        return Park(connection, connection.has_pending() ? Progress::kDone : Progress::kWantRead);
      }
      if (!ReadSome(connection)) return;
    }
    // Its deadline stays as it is: a request does not get more time because it comes in many pieces.
    Park(connection, Progress::kDone);
  }

  // Reads what has come; false when nothing has, and the connection is parked or closed.
  bool ReadSome(Connection& connection) {
    const std::size_t before = connection.input.size();
    const Progress progress = connection.Read(limits_.max_header_bytes + limits_.max_body_bytes);
    if (progress == Progress::kClosed) connection.is_peer_done = true;
    if (before == 0 && !connection.input.empty()) connection.request_start = steady_clock::now() - WaitForWorker();
    table_.CountInput(connection);
    const bool has_grown = connection.input.size() > before;
    if (!connection.input.empty()) connection.deadline = connection.request_start + limits_.request_timeout;
    if (has_grown || connection.is_peer_done) {
      connection.fruitless_reads = 0;
      return true;
    }
    if (++connection.fruitless_reads > kMostFruitlessReads) {
      CountLoss("no_request");
      Close(connection);
      return false;
    }
    if (connection.input.empty()) connection.deadline = steady_clock::now() + limits_.idle_timeout;
    Park(connection, Progress::kWantRead);
    return false;
  }

  // Answers the first request of the input, if it is whole or can never be; false when more bytes are needed.
  bool AnswerOne(Connection& connection) {
    if (connection.input.empty()) return false;
    const Frame frame = FrameRequest(connection.input, {limits_.max_header_bytes, limits_.max_body_bytes});
    if (frame.state == Frame::State::kIncomplete) {
      // What single requests may hold, all together may not: 10,000 half-sent bodies would be 80 GB.
      if (table_.buffered_bytes() > limits_.max_buffered_bytes && connection.input.size() > limits_.max_header_bytes) {
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
                                   .is_overloaded = WaitForWorker() > limits_.max_worker_wait,
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
    table_.CountInput(connection);
    return true;
  }

  void Park(Connection& connection, Progress progress) {
    if (is_stopping_ && connection.is_idle() && !connection.is_lingering) return Close(connection);
    // kDone: it could go on at once, and only lets others go first. A socket can be written to nearly always.
    const std::uint32_t direction = progress == Progress::kWantWrite  ? EPOLLOUT
                                    : progress == Progress::kWantRead ? EPOLLIN
                                                                      : EPOLLIN | EPOLLOUT;
    table_.Release(connection, [&](std::uint64_t key) {
      Watch(epoll_, EPOLL_CTL_MOD, connection.socket(), direction | EPOLLONESHOT, key);
    });
  }

  // Ends our side, and closes once the peer has ended its own or the time is over.
  void Linger(Connection& connection) {
    if (!connection.is_lingering) {
      connection.EndOutput();
      connection.is_lingering = true;
      connection.deadline = steady_clock::now() + limits_.linger_timeout;
    }
    if (connection.Discard() == Progress::kClosed) return Close(connection);
    Park(connection, Progress::kWantRead);
  }

  void Close(Connection& connection) {
    if (!connection.is_lingering) connection.EndOutput();
    table_.Remove(connection);
  }

  Descriptor listener_;
  const int port_;
  const ServerLimits limits_;
  RequestHandler& handler_;
  const Descriptor epoll_{epoll_create1(EPOLL_CLOEXEC)};
  const Descriptor keeper_epoll_{epoll_create1(EPOLL_CLOEXEC)};
  const Descriptor keeper_wake_{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  const Descriptor probe_{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  std::atomic<bool> is_draining_ = false;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<bool> is_stopped_ = false;
  std::atomic<SteadyTime> probe_sent_ = SteadyTime{};
  std::atomic<std::chrono::nanoseconds> last_wait_ = std::chrono::nanoseconds{0};

  std::mutex certificate_mutex_;
  ServingCertificate certificate_;
  ConnectionTable table_;

  std::thread keeper_;
  std::vector<std::thread> workers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ParkedServer>> ParkedServer::Start(const std::string& host, int port,
                                                                  ServingCertificate certificate, ServerLimits limits,
                                                                  RequestHandler& handler) {
  absl::StatusOr<Listener> listener = ListenTcp(host, port);
  if (!listener.ok()) return listener.status();
  return Start(*listener, std::move(certificate), limits, handler);
}

std::unique_ptr<ParkedServer> ParkedServer::Start(Listener listener, ServingCertificate certificate,
                                                  ServerLimits limits, RequestHandler& handler) {
  return std::make_unique<EpollServer>(listener, std::move(certificate), limits, handler);
}

}  // namespace tidewaiter
