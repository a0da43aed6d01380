// SPDX-License-Identifier: Apache-2.0
//
// One accepted TLS connection, never blocking: what has arrived, what is still to be sent, and until when something
// must happen. Owned and moved between threads by parked_server.h, which makes sure that one thread at a time touches
// it. Tested by tests/server/parked_server_test.cc.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "webhook/pki/openssl.h"

namespace tidewaiter {

using SteadyTime = std::chrono::steady_clock::time_point;

class Connection {
 public:
  // What an operation came to.
  enum class Progress {
    kDone,       // handshake finished, bytes read, everything sent
    kWantRead,   // try again when the socket is readable
    kWantWrite,  // try again when the socket is writable
    kClosed,     // the peer closed, or the connection is broken
  };

  // Takes the socket, which must be non-blocking.
  Connection(int socket, SslPtr ssl, std::string remote_address);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // After kClosed, has_refused_client() says whether that was for want of an accepted client certificate.
  Progress Handshake();
  bool has_refused_client() const { return has_refused_client_; }
  // Appends some of what has arrived to `input`, up to `max_bytes` of input. After kDone there may be more in the
  // socket, of which epoll would tell, and in OpenSSL, of which only has_pending() does.
  Progress Read(std::size_t max_bytes);
  bool has_pending() const { return SSL_has_pending(ssl_.get()) == 1; }
  // Sends `output` and empties it.
  Progress Write();
  // Sends close_notify, if it can be sent at once, and ends the sending side of the TCP stream.
  void EndOutput();
  // Throws away some of what has arrived, unread. kClosed once the peer has ended its side, kWantRead before.
  Progress Discard();

  int socket() const { return socket_; }
  const std::string& remote_address() const { return remote_address_; }

  // Nothing has arrived that was not answered, nothing waits to be sent.
  bool is_idle() const { return input.empty() && output.empty(); }

  // These two belong to connection_table.h; all else to whoever made it busy.
  std::uint64_t key = 0;
  bool is_busy = false;
  std::atomic<bool> is_shaken = false;  // the handshake is done
  std::string input;
  std::string output;
  bool is_closing = false;         // close once `output` is sent
  bool is_lingering = false;       // our side has ended; what the peer still sends is thrown away
  int fruitless_reads = 0;         // in a row: something arrived, and no byte of a request was in it
  bool is_peer_done = false;       // the peer sends no more
  std::size_t counted_input = 0;   // bytes of `input` in the server's sum
  bool has_sent_continue = false;  // `100 Continue` was sent for the request in `input`
  SteadyTime request_start;        // when the first byte of `input` was seen
  SteadyTime deadline;             // when it is closed unless something happens

 private:
  Progress Judge(int result);

  const int socket_;
  const SslPtr ssl_;
  const std::string remote_address_;
  bool has_refused_client_ = false;
};

}  // namespace tidewaiter
