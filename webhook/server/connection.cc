// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL's non-blocking calls in four words.
#include "webhook/server/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace tidewaiter {
namespace {

// One TLS record (RFC 8446 section 5.1).
constexpr std::size_t kRecordBytes = 16u << 10;
// A megabyte of full records. Empty and tiny ones cost as much each, and a fast client never stops sending them.
constexpr int kMostRecordsPerRead = 64;

}  // namespace

Connection::Connection(int socket, SslPtr ssl, std::string remote_address)
    : socket_(socket), ssl_(std::move(ssl)), remote_address_(std::move(remote_address)) {
  SSL_set_fd(ssl_.get(), socket_);
  SSL_set_accept_state(ssl_.get());
}

Connection::~Connection() { close(socket_); }

Connection::Progress Connection::Judge(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      return Progress::kDone;
    case SSL_ERROR_WANT_READ:
      return Progress::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Progress::kWantWrite;
    default:
      ERR_clear_error();
      return Progress::kClosed;
  }
}

Connection::Progress Connection::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result <= 0) {
    const int reason = ERR_GET_REASON(ERR_peek_error());
    has_refused_client_ =
        reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE || reason == SSL_R_CERTIFICATE_VERIFY_FAILED;
  }
  return Judge(result);
}

Connection::Progress Connection::Read(std::size_t max_bytes) {
  std::array<char, kRecordBytes> buffer;
  for (int i = 0; i < kMostRecordsPerRead && input.size() < max_bytes; ++i) {
    ERR_clear_error();
    const int result =
        SSL_read(ssl_.get(), buffer.data(), static_cast<int>(std::min(buffer.size(), max_bytes - input.size())));
    if (result <= 0) return Judge(result);
    input.append(buffer.data(), static_cast<std::size_t>(result));
    // Nothing is left inside OpenSSL: what still waits in the socket, epoll will tell.
    if (SSL_has_pending(ssl_.get()) == 0) break;
  }
  return Progress::kDone;
}

Connection::Progress Connection::Write() {
  std::size_t sent = 0;
  while (sent < output.size()) {
    ERR_clear_error();
    const int result = SSL_write(ssl_.get(), output.data() + sent,
                                 static_cast<int>(std::min(output.size() - sent, std::size_t{1} << 20)));
    if (result <= 0) {
      output.erase(0, sent);
      return Judge(result);
    }
    sent += static_cast<std::size_t>(result);
  }
  output.clear();
  return Progress::kDone;
}

void Connection::EndOutput() {
  if (SSL_is_init_finished(ssl_.get()) == 1) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  shutdown(socket_, SHUT_WR);
}

Connection::Progress Connection::Discard() {
  std::array<char, kRecordBytes> buffer;
  // Some at a time, so that a client that never stops sending takes turns with the others.
  for (int i = 0; i < 16; ++i) {
    const ssize_t got = recv(socket_, buffer.data(), buffer.size(), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) return Progress::kClosed;
    if (got < 0) break;
  }
  return Progress::kWantRead;
}

}  // namespace tidewaiter
