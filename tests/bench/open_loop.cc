// SPDX-License-Identifier: Apache-2.0
//
// Posts one review at a steady rate over TLS keep-alive connections, whether or not the server keeps up, and counts
// each answer's latency from the time at which its request was due: a server that stalls makes the requests behind it
// late, and they are counted as late (no coordinated omission). `open_loop PORT PATH FILE RATE SECONDS CONNECTIONS` on
// 127.0.0.1 prints one line of JSON. Not a part of the product; tests/bench/peers.py runs it, peers_test.py tests it.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr long kSecond = 1'000'000'000;  // nanoseconds
// After the last request was due; what is not answered then counts as if it had been answered at that moment.
constexpr long kPatience = 3 * kSecond;

long Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

void SleepUntil(long when) {
  const timespec at{.tv_sec = when / kSecond, .tv_nsec = when % kSecond};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) != 0) {
  }
}

struct Outcome {
  int status = 0;
  bool is_allowed = false;
};

// One kept connection. Everything throws std::runtime_error on failure.
class Connection {
 public:
  Connection(SSL_CTX* context, int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)), tls_(SSL_new(context)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int yes = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    const timeval bound{.tv_sec = 30, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) Fail("cannot connect");
    SSL_set_fd(tls_.get(), socket_);
    if (SSL_connect(tls_.get()) != 1) Fail("the TLS handshake failed");
  }
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Outcome Post(const std::string& request) {
    if (SSL_write(tls_.get(), request.data(), static_cast<int>(request.size())) <= 0) Fail("cannot send");
    buffer_.clear();
    std::size_t head = std::string::npos;
    while ((head = buffer_.find("\r\n\r\n")) == std::string::npos) Read();
    head += 4;
    Outcome outcome{.status = std::atoi(buffer_.c_str() + sizeof("HTTP/1.1"))};
    const std::string headers = buffer_.substr(0, head);
    const std::string body = ReadBody(headers, head);
    outcome.is_allowed = body.find("\"allowed\":true") != std::string::npos;
    return outcome;
  }

 private:
  [[noreturn]] static void Fail(const std::string& what) { throw std::runtime_error(what); }

  void Read() {
    char piece[16384];
    const int size = SSL_read(tls_.get(), piece, sizeof(piece));
    if (size <= 0) Fail("the server closed the connection");
    buffer_.append(piece, static_cast<std::size_t>(size));
  }

  // The rest of the answer, which begins at `at`: of a told length, or in chunks.
  std::string ReadBody(const std::string& headers, std::size_t at) {
    constexpr std::string_view kLength = "Content-Length: ";
    if (const std::size_t found = headers.find(kLength); found != std::string::npos) {
      const std::size_t size = std::strtoul(headers.c_str() + found + kLength.size(), nullptr, 10);
      while (buffer_.size() < at + size) Read();
      return buffer_.substr(at, size);
    }
    if (headers.find("Transfer-Encoding: chunked") == std::string::npos) Fail("an answer of unknown length");
    std::string body;
    for (std::size_t size = 1; size != 0;) {
      std::size_t line = std::string::npos;
      while ((line = buffer_.find("\r\n", at)) == std::string::npos) Read();
      size = std::strtoul(buffer_.c_str() + at, nullptr, 16);
      at = line + 2;
      while (buffer_.size() < at + size + 2) Read();
      body.append(buffer_, at, size);
      at += size + 2;
    }
    return body;
  }

  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };

  int socket_;
  std::unique_ptr<SSL, Free> tls_;
  std::string buffer_;
};

struct Arguments {
  int port;
  std::string path;
  std::string file;
  double rate;  // a second
  double seconds;
  int connections;
};

// What all connections share. Requests are numbered; the next one belongs to whoever is free first.
struct Run {
  std::string request;
  long count = 0;
  double interval = 0;  // nanoseconds
  std::atomic<long> start{0};
  std::atomic<long> next{0};
  std::atomic<long> allowed{0};
  std::atomic<long> denied{0};
  std::atomic<long> failed{0};
  std::vector<double> latencies;  // microseconds, by number
  std::vector<double> late;       // how long after it was due a request was sent
};

double Percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

void SendWhatIsDue(Connection& connection, Run& run) {
  const long start = run.start;
  const auto due_at = [&](long number) {
    return start + static_cast<long>(run.interval * static_cast<double>(number));
  };
  const long end = due_at(run.count) + kPatience;
  for (long number; (number = run.next++) < run.count;) {
    const long due = due_at(number);
    const auto index = static_cast<std::size_t>(number);
    SleepUntil(due);
    if (Now() > end) {
      ++run.failed;
      run.latencies[index] = static_cast<double>(end - due) / 1e3;
      run.late[index] = run.latencies[index];
      continue;
    }
    run.late[index] = static_cast<double>(Now() - due) / 1e3;
    const Outcome outcome = connection.Post(run.request);
    run.latencies[index] = static_cast<double>(Now() - due) / 1e3;
    ++(outcome.status != 200 ? run.failed : outcome.is_allowed ? run.allowed : run.denied);
  }
}

int Measure(const Arguments& arguments) {
  std::ifstream file(arguments.file, std::ios::binary);
  const std::string body{std::istreambuf_iterator<char>(file), {}};
  if (body.empty()) throw std::runtime_error("cannot read " + arguments.file);
  Run run;
  run.request = "POST " + arguments.path +
                " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body;
  run.count = std::lround(arguments.rate * arguments.seconds);
  run.interval = static_cast<double>(kSecond) / arguments.rate;
  run.latencies.resize(static_cast<std::size_t>(run.count));
  run.late.resize(run.latencies.size());

  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < arguments.connections; ++i) {
    connections.push_back(std::make_unique<Connection>(context.get(), arguments.port));
    // The first request of a connection pays for starting it.
    if (connections.back()->Post(run.request).status != 200) throw std::runtime_error("not answered with 200");
  }
  run.start = Now() + kSecond / 20;
  std::atomic<bool> is_broken = false;
  std::vector<std::thread> threads;
  for (const std::unique_ptr<Connection>& connection : connections) {
    threads.emplace_back([&run, &is_broken, &connection] {
      prctl(PR_SET_TIMERSLACK, 1UL);  // wake when told, not up to 50 us later
      try {
        SendWhatIsDue(*connection, run);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "open_loop: %s\n", error.what());
        is_broken = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (is_broken) return 1;
  const double seconds = static_cast<double>(Now() - run.start) / static_cast<double>(kSecond);
  std::vector<double> sorted = run.latencies;
  std::sort(sorted.begin(), sorted.end());
  std::sort(run.late.begin(), run.late.end());
  std::printf(
      "{\"requests\": %ld, \"warm_up\": %d, \"allowed\": %ld, \"denied\": %ld, \"failed\": %ld, \"seconds\": %.3f, "
      "\"sent_late_p99\": %.1f, \"latencies\": [",
      run.count, arguments.connections, run.allowed.load(), run.denied.load(), run.failed.load(), seconds,
      Percentile(run.late, 0.99));
  for (std::size_t i = 0; i < sorted.size(); ++i) std::printf("%s%.1f", i == 0 ? "" : ", ", sorted[i]);
  std::printf("]}\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: open_loop PORT PATH FILE RATE SECONDS CONNECTIONS\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return Measure({.port = std::atoi(argv[1]),
                    .path = argv[2],
                    .file = argv[3],
                    .rate = std::atof(argv[4]),
                    .seconds = std::atof(argv[5]),
                    .connections = std::atoi(argv[6])});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "open_loop: %s\n", error.what());
    return 1;
  }
}
