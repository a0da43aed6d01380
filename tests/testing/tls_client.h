// SPDX-License-Identifier: Apache-2.0
//
// A small blocking TLS client that can also misbehave: it sends exactly the bytes it is told to, when it is told to.
// Every read and write is bounded in time.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "webhook/pki/openssl.h"

namespace tidewaiter {

// Polls until `condition` holds, at most ten seconds; whether it came to hold.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// A TCP connection to 127.0.0.1; -1 when refused. Reads and writes time out after ten seconds.
inline int ConnectTcp(int port) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval timeout{.tv_sec = 10, .tv_usec = 0};
  setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  setsockopt(socket_fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
  const int yes = 1;
  setsockopt(socket_fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  if (connect(socket_fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return socket_fd;
  close(socket_fd);
  return -1;
}

struct HttpResponse {
  int status = 0;  // 0: the connection ended instead
  std::string header;
  std::string body;
};

class TlsClient {
 public:
  explicit TlsClient(int port, int max_version = 0)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), socket_(ConnectTcp(port)) {
    if (max_version != 0) {
      SSL_CTX_set_security_level(context_.get(), 0);
      SSL_CTX_set_max_proto_version(context_.get(), max_version);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_);
    std::signal(SIGPIPE, SIG_IGN);  // a server that hangs up is a result, not the test's end
    is_connected_ = socket_ >= 0 && SSL_connect(ssl_.get()) == 1;
  }
  ~TlsClient() {
    if (socket_ >= 0) close(socket_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool is_connected() const { return is_connected_; }
  SSL* ssl() { return ssl_.get(); }
  int socket() const { return socket_; }

  bool Send(const std::string& bytes) {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
  }

  // Whether the server ends the connection, within the read timeout.
  bool IsClosedByPeer() {
    char byte = 0;
    return SSL_read(ssl_.get(), &byte, 1) <= 0 && errno != EAGAIN && errno != EWOULDBLOCK;
  }

  // Reads one response with a Content-Length (or none).
  HttpResponse Receive() {
    HttpResponse response;
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) return response;
    }
    response.header = input_.substr(0, end + 2);
    input_.erase(0, end + 4);
    std::size_t length = 0;
    if (const std::size_t at = response.header.find("Content-Length: "); at != std::string::npos) {
      length = std::stoul(response.header.substr(at + 16));
    }
    while (input_.size() < length) {
      if (!Fill()) return response;
    }
    response.body = input_.substr(0, length);
    input_.erase(0, length);
    response.status = std::stoi(response.header.substr(9, 3));
    return response;
  }

  HttpResponse Ask(const std::string& request) { return Send(request) ? Receive() : HttpResponse{}; }

 private:
  bool Fill() {
    char buffer[16384];
    const int got = SSL_read(ssl_.get(), buffer, sizeof(buffer));
    if (got > 0) input_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  std::shared_ptr<SSL_CTX> context_;
  const int socket_;
  SslPtr ssl_;
  bool is_connected_ = false;
  std::string input_;
};

// A POST with a Content-Length.
inline std::string PostRequest(const std::string& target, const std::string& body,
                               const std::string& content_type = "application/json", const std::string& more = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: h\r\nContent-Type: " + content_type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more + "\r\n" + body;
}

}  // namespace tidewaiter
