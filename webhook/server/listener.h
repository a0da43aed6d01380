// SPDX-License-Identifier: Apache-2.0
//
// A listening TCP socket. Tested through tests/server/parked_server_test.cc.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace tidewaiter {

struct Listener {
  int socket = -1;  // non-blocking, close-on-exec; the caller closes it
  int port = 0;     // the one it got
};

// Listens at `host` (IPv4 or IPv6 address, or a name) and `port`; 0 takes any free one. Unavailable, naming both, when
// that cannot be done.
absl::StatusOr<Listener> ListenTcp(const std::string& host, int port);

// Accepts one waiting connection, non-blocking, with TCP_NODELAY; -1 when none waits or none can be had. `address` gets
// the peer's IP address.
int AcceptTcp(int listening_socket, std::string& address);

}  // namespace tidewaiter
