// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.1 to the API server: connections, TLS, deadlines. It knows neither JSON nor Kubernetes; api_client.h does.
// http_transport.cc is the only file here that knows cpp-httplib. Tested by tests/cluster/http_transport_test.cc.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/cluster/cancellation.h"
#include "webhook/cluster/cluster_config.h"

namespace tidewaiter {

struct HttpRequest {
  std::string method = {};
  std::string target = {};  // path and query, percent-encoded
  std::string body = {};
  std::string content_type = {};
  std::string accept = "application/json";
  std::string bearer_token = {};  // empty = none
  // Of the TCP connection, and of each step of the TLS handshake.
  std::chrono::milliseconds connect_timeout{5'000};
  // From here to the last byte of the answer.
  std::chrono::milliseconds whole_timeout{30'000};
  // Between two reads.
  std::chrono::milliseconds idle_timeout{30'000};
  // An answer without an end: on a connection of its own, which is not used again.
  bool is_stream = false;
  Cancellation* cancellation = nullptr;
  // Called once, with the status, before any of the body.
  std::function<void(int status)> on_header = {};
  // Called for each piece of the body as it arrives; false ends the exchange.
  std::function<bool(std::string_view piece)> on_body = {};
};

struct HttpReply {
  int status = 0;
  std::string retry_after;  // the header's value, "" when there was none
};

// Thread safe: each exchange has a connection of its own; up to kMaxIdle of them are kept for the next.
class HttpTransport {
 public:
  static constexpr std::size_t kMaxIdle = 4;
  // Below the least that a load balancer in front of an API server is known to wait (60 s).
  static constexpr std::chrono::seconds kMaxIdleTime{45};

  // Makes the process ignore SIGPIPE, unless it handles it.
  HttpTransport(ClusterConfig config, std::string user_agent);
  ~HttpTransport();
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  // Any status is an answer. Otherwise: Cancelled by the cancellation or by on_body; DeadlineExceeded; Unavailable when
  // there is no connection or it broke; FailedPrecondition when the server's certificate is not to be trusted or our
  // own cannot be used, saying why. A GET on a kept connection that breaks before any answer is sent once more.
  absl::StatusOr<HttpReply> Send(const HttpRequest& request);

 private:
  class Connection;

  absl::StatusOr<std::unique_ptr<Connection>> Connect() const;
  std::unique_ptr<Connection> TakeIdle();
  void Keep(std::unique_ptr<Connection> connection);

  const ClusterConfig config_;
  const std::string user_agent_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;  // last used last
};

}  // namespace tidewaiter
