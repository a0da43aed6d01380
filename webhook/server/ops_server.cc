// SPDX-License-Identifier: Apache-2.0
//
// cpp-httplib as it comes: a handful of scrapes and probes a minute, a thread each while they last.
#include "webhook/server/ops_server.h"

#include <httplib.h>

#include <thread>
#include <utility>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kExposition = "text/plain; version=0.0.4; charset=utf-8";
// The kubelet's probes and a few Prometheus servers.
constexpr std::size_t kThreads = 2;
constexpr std::size_t kMaxQueued = 64;

class HttplibOpsServer final : public OpsServer {
 public:
  HttplibOpsServer(std::function<std::string()> readiness, const Metrics& metrics) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads, kThreads, kMaxQueued); };
    // A connection that waits holds a thread: let none wait long.
    server_.set_keep_alive_timeout(1);
    server_.set_read_timeout(2);
    server_.set_write_timeout(5);
    server_.set_payload_max_length(1024);
    // Not SO_REUSEPORT, cpp-httplib's default: a second process would share the port unnoticed.
    server_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    server_.Get("/livez",
                [](const httplib::Request&, httplib::Response& response) { response.set_content("ok\n", kText); });
    server_.Get("/readyz", [readiness = std::move(readiness)](const httplib::Request&, httplib::Response& response) {
      const std::string reason = readiness();
      response.status = reason.empty() ? 200 : 503;
      response.set_content(StrCat(reason.empty() ? std::string("ok") : reason, "\n"), kText);
    });
    server_.Get("/metrics", [&metrics](const httplib::Request&, httplib::Response& response) {
      response.set_content(metrics.Render(), kExposition);
    });
  }

  ~HttplibOpsServer() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Listen(const std::string& host, int port) {
    port_ = port == 0 ? server_.bind_to_any_port(host) : server_.bind_to_port(host, port) ? port : -1;
    if (port_ <= 0) return absl::UnavailableError(ToAbsl(StrCat("cannot listen at ", host, ":", port)));
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    server_.wait_until_ready();
    return absl::OkStatus();
  }

  int port() const override { return port_; }

 private:
  httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<OpsServer>> OpsServer::Start(const std::string& host, int port,
                                                            std::function<std::string()> readiness,
                                                            const Metrics& metrics) {
  auto server = std::make_unique<HttplibOpsServer>(std::move(readiness), metrics);
  if (absl::Status status = server->Listen(host, port); !status.ok()) return status;
  return server;
}

}  // namespace tidewaiter
