// SPDX-License-Identifier: Apache-2.0
//
// Posts one review over TLS keep-alive connections, and checks and counts the answers: at a steady rate whether or not
// the server keeps up, or (RATE 0) as fast as it answers. At a rate, latency counts from the time at which a request
// was due: a server that stalls makes those behind it late, and they are counted as late (no coordinated omission).
// `review_load PORT PATH FILE RATE SECONDS CONNECTIONS PID` on 127.0.0.1 prints one line of JSON, with the CPU time
// that process PID took for the counted reviews; opening the connections is not counted. Tested by review_load_test.py.
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
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr long kSecond = 1'000'000'000;  // nanoseconds
// After the end; what is not sent then counts as failed, and as late as it was.
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

// User and system time of a process so far, in seconds (proc(5), stat: fields 14 and 15).
double CpuSeconds(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.rfind(')') == std::string::npos) throw std::runtime_error("no process " + std::to_string(pid));
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

struct Arguments {
  int port;
  std::string path;
  std::string file;
  double rate;  // a second; 0: as fast as it answers
  double seconds;
  int connections;
  int pid;
};

// What all connections share. Times are nanoseconds, latencies microseconds.
struct Run {
  std::string request;
  double interval = 0;  // between requests; 0: as fast as it answers
  long start = 0;
  long end = 0;
  // Requests are numbered; the next one belongs to whoever is free first.
  std::atomic<long> next{0};
  std::atomic<bool> is_broken{false};
  long DueAt(long number) const { return start + static_cast<long>(interval * static_cast<double>(number)); }
};

// What one connection saw.
struct Seen {
  long allowed = 0;
  long denied = 0;
  long failed = 0;
  std::vector<double> latencies;
  std::vector<double> late;  // how long after it was due a request was sent

  void Add(const Outcome& outcome, double latency) {
    ++(outcome.status != 200 ? failed : outcome.is_allowed ? allowed : denied);
    latencies.push_back(latency);
  }
  void Add(const Seen& other) {
    allowed += other.allowed;
    denied += other.denied;
    failed += other.failed;
    latencies.insert(latencies.end(), other.latencies.begin(), other.latencies.end());
    late.insert(late.end(), other.late.begin(), other.late.end());
  }
};

double Microseconds(long nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; }

double Percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

void SendWhatIsDue(Connection& connection, Run& run, Seen& seen) {
  for (;;) {
    const long due = run.DueAt(run.next++);
    if (due >= run.end) return;
    SleepUntil(due);
    if (Now() > run.end + kPatience) {
      seen.Add({}, Microseconds(run.end + kPatience - due));
      continue;
    }
    seen.late.push_back(Microseconds(Now() - due));
    const Outcome outcome = connection.Post(run.request);
    seen.Add(outcome, Microseconds(Now() - due));
  }
}

void SendAllTheTime(Connection& connection, Run& run, Seen& seen) {
  SleepUntil(run.start);
  for (long sent = Now(); sent < run.end; sent = Now()) {
    const Outcome outcome = connection.Post(run.request);
    seen.Add(outcome, Microseconds(Now() - sent));
  }
}

void Print(const Arguments& arguments, Seen all, double seconds, double cpu) {
  std::sort(all.latencies.begin(), all.latencies.end());
  std::sort(all.late.begin(), all.late.end());
  std::printf(
      "{\"reviews\": %zu, \"warm_up\": %d, \"allowed\": %ld, \"denied\": %ld, \"failed\": %ld, "
      "\"seconds\": %.6f, \"cpu_seconds\": %.3f, \"sent_late_p99\": %.1f, \"latencies\": [",
      all.latencies.size(), arguments.connections, all.allowed, all.denied, all.failed, seconds, cpu,
      Percentile(all.late, 0.99));
  for (std::size_t i = 0; i < all.latencies.size(); ++i) std::printf("%s%.1f", i == 0 ? "" : ", ", all.latencies[i]);
  std::printf("]}\n");
}

int Measure(const Arguments& arguments) {
  std::ifstream file(arguments.file, std::ios::binary);
  const std::string body{std::istreambuf_iterator<char>(file), {}};
  if (body.empty()) throw std::runtime_error("cannot read " + arguments.file);
  Run run;
  run.request = "POST " + arguments.path +
                " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body;
  if (arguments.rate > 0) run.interval = static_cast<double>(kSecond) / arguments.rate;

  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < arguments.connections; ++i) {
    connections.push_back(std::make_unique<Connection>(context.get(), arguments.port));
    // The first request of a connection pays for starting it.
    if (connections.back()->Post(run.request).status != 200) throw std::runtime_error("not answered with 200");
  }
  run.start = Now() + kSecond / 20;
  run.end = run.start + static_cast<long>(arguments.seconds * static_cast<double>(kSecond));
  std::vector<Seen> seen(connections.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < connections.size(); ++i) {
    threads.emplace_back([&run, &seen, &connections, i] {
      prctl(PR_SET_TIMERSLACK, 1UL);  // wake when told, not up to 50 us later
      try {
        (run.interval > 0 ? SendWhatIsDue : SendAllTheTime)(*connections[i], run, seen[i]);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "review_load: %s\n", error.what());
        run.is_broken = true;
      }
    });
  }
  const double cpu = CpuSeconds(arguments.pid);
  // Until the last answer: what is under way at the end has cost, and counts.
  for (std::thread& thread : threads) thread.join();
  const double seconds = static_cast<double>(Now() - run.start) / static_cast<double>(kSecond);
  const double used = CpuSeconds(arguments.pid) - cpu;
  if (run.is_broken) return 1;
  Seen all;
  for (const Seen& each : seen) all.Add(each);
  Print(arguments, std::move(all), seconds, used);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr, "usage: review_load PORT PATH FILE RATE SECONDS CONNECTIONS PID\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return Measure({.port = std::atoi(argv[1]),
                    .path = argv[2],
                    .file = argv[3],
                    .rate = std::atof(argv[4]),
                    .seconds = std::atof(argv[5]),
                    .connections = std::atoi(argv[6]),
                    .pid = std::atoi(argv[7])});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "review_load: %s\n", error.what());
    return 1;
  }
}
