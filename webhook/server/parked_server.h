// SPDX-License-Identifier: Apache-2.0
//
// Owns the connections: accepts them, shakes hands, collects each request until it is whole, answers it, and parks the
// connection in epoll again. A worker never waits for a client, so neither idle nor slow clients cost a thread. Knows
// nothing of HTTP but where a request ends. Tested by tests/server/parked_server_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "webhook/server/connection.h"
#include "webhook/server/connection_table.h"
#include "webhook/server/listener.h"
#include "webhook/server/tls_certificate.h"

namespace tidewaiter {

struct ServerLimits {
  // Two, even on one core: a review never waits for the handshake of another connection.
  int workers = 2;
  // 10 KB of memory each while idle; an API server opens a handful.
  std::size_t max_connections = 10'000;
  // How long a request may wait for a worker; those that waited longer are answered 429 at once, until the line is
  // short again. A tenth of the shortest timeout a webhook can have (1 s): the caller can still try again in time.
  std::chrono::milliseconds max_worker_wait{100};
  std::size_t max_header_bytes = 16u << 10;
  std::size_t max_body_bytes = 0;  // set by the owner
  // Of requests that are not whole yet, over all connections: eight of the largest.
  std::size_t max_buffered_bytes = 64u << 20;
  std::chrono::milliseconds handshake_timeout{5'000};
  // From a request's first byte to its last.
  std::chrono::milliseconds request_timeout{10'000};
  std::chrono::milliseconds write_timeout{5'000};
  // After an answer that ends the connection: how long what the client still sends is thrown away. Closing at once
  // would reset the connection (RFC 9112 section 9.6) and could destroy the answer on its way.
  std::chrono::milliseconds linger_timeout{1'000};
  // The API server closes its idle connections after 90 s (apimachinery net.SetTransportDefaults); closing first would
  // break the request that crosses on the way.
  std::chrono::milliseconds idle_timeout{150'000};
};

// A whole request as it arrived. Views: valid for the call only.
struct ReceivedRequest {
  std::string_view bytes;
  std::string_view remote_address;
  SteadyTime start;            // when its first byte was seen
  bool is_overloaded = false;  // requests wait longer than they may
  bool is_draining = false;    // the answer must carry `Connection: close`
};

struct HttpAnswer {
  std::string bytes;
  bool closes = false;  // the connection ends after it
};

// What the server asks of its owner. Called from several threads at once.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  virtual HttpAnswer Handle(const ReceivedRequest& request) = 0;
  // A request that cannot be framed: answer with `status` and `text`; the connection is closed after it.
  virtual HttpAnswer Refuse(int status, std::string_view reason, std::string_view text) = 0;
  // A connection ended without an answer: "handshake_failed", "client_refused" (no certificate that
  // is asked for), "request_timeout", "write_timeout", "no_request" (it
  // sends, but no request comes of it), "connection_limit", "internal" (there was no memory to serve it).
  virtual void CountLoss(std::string_view reason) = 0;
};

class ParkedServer {
 public:
  // Listens at `host`:`port` (0 = any free one). `handler` must outlive the server. Unavailable when it cannot listen.
  // With a certificate without context, connections wait to be accepted until SetCertificate brings one.
  static absl::StatusOr<std::unique_ptr<ParkedServer>> Start(const std::string& host, int port,
                                                             ServingCertificate certificate, ServerLimits limits,
                                                             RequestHandler& handler);
  // The same at a socket that listens already, which it takes.
  static std::unique_ptr<ParkedServer> Start(Listener listener, ServingCertificate certificate, ServerLimits limits,
                                             RequestHandler& handler);
  virtual ~ParkedServer() = default;

  virtual int port() const = 0;
  virtual ConnectionCounts CountConnections() const = 0;
  // New connections get this certificate; those that are open keep theirs.
  virtual void SetCertificate(ServingCertificate certificate) = 0;
  // From now on every answer carries `Connection: close`. Connections are still accepted.
  virtual void BeginDrain() = 0;
  // Stops accepting, closes idle connections, waits until what runs is answered (at most `grace`), closes the rest and
  // joins all threads. Called once; the destructor calls it with no grace otherwise.
  virtual void Stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace tidewaiter
