// SPDX-License-Identifier: Apache-2.0
//
// The socket calls around listen and accept.
#include "webhook/server/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

absl::Status CannotListen(const std::string& host, int port, const char* why) {
  return absl::UnavailableError(ToAbsl(StrCat("cannot listen at ", host, ":", port, ": ", why)));
}

}  // namespace

absl::StatusOr<Listener> ListenTcp(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) return CannotListen(host, port, gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  const int descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return CannotListen(host, port, std::strerror(errno));
  const int yes = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_storage bound{};
  socklen_t bound_size = sizeof(bound);
  if (bind(descriptor, found->ai_addr, found->ai_addrlen) != 0 || listen(descriptor, SOMAXCONN) != 0 ||
      getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &bound_size) != 0) {
    absl::Status status = CannotListen(host, port, std::strerror(errno));
    close(descriptor);
    return status;
  }
  const in_port_t bound_port = bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                                           : reinterpret_cast<sockaddr_in&>(bound).sin_port;
  return Listener{.socket = descriptor, .port = ntohs(bound_port)};
}

int AcceptTcp(int listening_socket, std::string& address) {
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof(peer);
  const int descriptor =
      accept4(listening_socket, reinterpret_cast<sockaddr*>(&peer), &peer_size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) return -1;
  const int yes = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  char text[NI_MAXHOST] = "";
  getnameinfo(reinterpret_cast<sockaddr*>(&peer), peer_size, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
  address = text;
  return descriptor;
}

}  // namespace tidewaiter
