// SPDX-License-Identifier: Apache-2.0
//
// cpp-httplib's client, one connection each, with deadlines that hold and sockets that other threads can interrupt.
#include "webhook/cluster/http_transport.h"

#include <httplib.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "webhook/cluster/client_certificate.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Clock = std::chrono::steady_clock;

void SetOption(int socket, int level, int name, int value) { setsockopt(socket, level, name, &value, sizeof(value)); }

// A peer that vanished without a word is noticed after 30 + 3 * 10 = 60 s, whether we are sending or only listening.
void WatchPeer(int socket) {
  SetOption(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(socket, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  SetOption(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  SetOption(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
  SetOption(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, 60'000);
  SetOption(socket, IPPROTO_TCP, TCP_NODELAY, 1);
}

// OpenSSL writes without MSG_NOSIGNAL: a peer that hangs up would end the process. A handler of the program's stays.
void IgnoreBrokenPipes() {
  struct sigaction now {};
  if (sigaction(SIGPIPE, nullptr, &now) != 0 || (now.sa_flags & SA_SIGINFO) != 0 || now.sa_handler != SIG_DFL) return;
  now.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &now, nullptr);
}

std::string TlsReason(std::uint64_t code) {
  const char* reason = ERR_reason_error_string(static_cast<unsigned long>(code));
  return reason == nullptr ? "the TLS handshake failed" : reason;
}

}  // namespace

class HttpTransport::Connection {
 public:
  explicit Connection(const ClusterConfig& config)
      : authority_(httplib::detail::make_host_and_port_string(config.host, config.port, config.is_tls)),
        certificate_host_(config.tls_server_name.empty() ? config.host : config.tls_server_name),
        ca_name_(config.ca.file.empty() ? "the configured CA" : config.ca.file) {}

  // As HttpTransport::Send, for what is wrong before there is a socket.
  absl::Status Open(const ClusterConfig& config) {
    if (!config.is_tls) {
      client_ = std::make_unique<httplib::ClientImpl>(config.host, config.port);
      Configure(*client_);
      return absl::OkStatus();
    }
    auto client = std::make_unique<httplib::SSLClient>(certificate_host_, config.port);
    auto* const context = static_cast<SSL_CTX*>(client->tls_context());
    if (context == nullptr) return absl::InternalError("no TLS context");
    // Otherwise a connection that is given up would wait for the peer's goodbye, as long as for any read.
    SSL_CTX_set_quiet_shutdown(context, 1);
    client->enable_server_certificate_verification(!config.skip_tls_verify);
    if (!config.ca.is_empty()) {
      const auto pem = config.ca.Read();
      if (!pem.ok()) return absl::FailedPreconditionError(pem.status().message());
      client->load_ca_cert_store(pem->data(), pem->size());
    }
    if (!config.client_certificate.is_empty()) {
      const auto certificate = config.client_certificate.Read();
      const auto key = config.client_key.Read();
      if (!certificate.ok()) return absl::FailedPreconditionError(certificate.status().message());
      if (!key.ok()) return absl::FailedPreconditionError(key.status().message());
      const absl::Status used = UseClientCertificate(context, *certificate, *key);
      if (!used.ok()) return absl::FailedPreconditionError(used.message());
    }
    if (certificate_host_ != config.host) {
      std::vector<std::string> addresses;
      httplib::hosted_at(config.host, addresses);
      if (addresses.empty()) return absl::UnavailableError(StrCat("the host ", Quoted(config.host), " is not known"));
      client->set_hostname_addr_map({{certificate_host_, addresses.front()}});
    }
    client_ = std::move(client);
    Configure(*client_);
    return absl::OkStatus();
  }

  absl::StatusOr<HttpReply> Send(const HttpRequest& request, const std::string& user_agent) {
    has_answered_ = false;
    const CancellationScope scope(request.cancellation, socket_);
    if (request.cancellation != nullptr && request.cancellation->is_cancelled()) return Cancelled();
    const auto start = last_used_ = Clock::now();
    const auto connect_timeout = std::min(request.connect_timeout, request.whole_timeout);
    // All in the microseconds: with seconds cpp-httplib resolves names by getaddrinfo_a, whose timeout leaves a pointer
    // to a dead stack frame behind.
    client_->set_connection_timeout(0, std::chrono::microseconds(connect_timeout).count());
    client_->set_read_timeout(request.idle_timeout);
    client_->set_write_timeout(request.idle_timeout);
    client_->set_max_timeout(request.whole_timeout);
    httplib::Request out = Prepare(request, user_agent, start);
    httplib::Result result = client_->send(out);
    const auto end = Clock::now();
    const bool is_late = end - start >= request.whole_timeout || end - last_used_ >= request.idle_timeout;
    last_used_ = end;
    if (result) return HttpReply{result->status, result->get_header_value("Retry-After")};
    if (request.cancellation != nullptr && request.cancellation->is_cancelled()) return Cancelled();
    return Explain(result.error(), result.ssl_backend_error(), is_late);
  }

  bool has_answered() const { return has_answered_; }
  Clock::time_point last_used() const { return last_used_; }

 private:
  static absl::Status Cancelled() { return absl::CancelledError("cancelled"); }

  void Configure(httplib::ClientImpl& client) {
    client.set_keep_alive(true);
    client.set_follow_location(false);
    client.set_path_encode(false);
    client.set_decompress(false);
    client.set_socket_options([this](int socket) {
      WatchPeer(socket);
      socket_.Hold(socket);
    });
  }

  httplib::Request Prepare(const HttpRequest& request, const std::string& user_agent, Clock::time_point start) {
    httplib::Request out;
    out.method = request.method;
    out.path = request.target;
    out.body = request.body;
    out.start_time_ = start;
    out.headers = {{"Host", authority_}, {"Accept", request.accept}, {"User-Agent", user_agent}};
    if (!request.content_type.empty()) out.headers.emplace("Content-Type", request.content_type);
    if (!request.bearer_token.empty()) out.headers.emplace("Authorization", "Bearer " + request.bearer_token);
    out.response_handler = [this, &request](const httplib::Response& response) {
      has_answered_ = true;
      last_used_ = Clock::now();
      if (request.on_header) request.on_header(response.status);
      return true;
    };
    out.content_receiver = [this, &request](const char* data, std::size_t size, std::size_t, std::size_t) {
      last_used_ = Clock::now();
      if (request.cancellation != nullptr && request.cancellation->is_cancelled()) return false;
      return !request.on_body || request.on_body({data, size});
    };
    return out;
  }

  absl::Status Explain(httplib::Error error, std::uint64_t tls_code, bool is_late) const {
    using httplib::Error;
    const std::string server = StrCat("the API server at ", authority_);
    switch (error) {
      case Error::Canceled:
        return Cancelled();
      case Error::SSLServerVerification:
        return absl::FailedPreconditionError(StrCat("the certificate of ", server, " cannot be verified with ",
                                                    ca_name_, ": ",
                                                    X509_verify_cert_error_string(static_cast<long>(tls_code))));
      case Error::SSLServerHostnameVerification:
        return absl::FailedPreconditionError(StrCat("the certificate of ", server, " is not for ", certificate_host_));
      case Error::SSLLoadingCerts:
        return absl::FailedPreconditionError(StrCat("the CA certificates of ", ca_name_, " cannot be used"));
      case Error::SSLConnection:
        return absl::UnavailableError(StrCat("no TLS connection to ", server, ": ", TlsReason(tls_code)));
      case Error::ConnectionTimeout:
      case Error::Timeout:
        return absl::DeadlineExceededError(StrCat(server, " did not answer in time"));
      case Error::Connection:
        return absl::UnavailableError(StrCat("no connection to ", server));
      default:
        break;
    }
    if (is_late) return absl::DeadlineExceededError(StrCat(server, " did not answer in time"));
    return absl::UnavailableError(
        StrCat("the connection to ", server, has_answered_ ? " broke within the answer" : " broke before an answer"));
  }

  const std::string authority_, certificate_host_, ca_name_;
  // Before client_: it must outlive the callbacks of the client.
  InterruptibleSocket socket_;
  std::unique_ptr<httplib::ClientImpl> client_;
  bool has_answered_ = false;
  Clock::time_point last_used_ = Clock::now();  // the server's last sign of life
};

HttpTransport::HttpTransport(ClusterConfig config, std::string user_agent)
    : config_(std::move(config)), user_agent_(std::move(user_agent)) {
  IgnoreBrokenPipes();
}

HttpTransport::~HttpTransport() = default;

absl::StatusOr<HttpReply> HttpTransport::Send(const HttpRequest& request) {
  // The one place that calls cpp-httplib: what it throws (bad_alloc, a regular expression too large) ends here.
  try {
    std::unique_ptr<Connection> connection = request.is_stream ? nullptr : TakeIdle();
    if (connection != nullptr) {
      absl::StatusOr<HttpReply> answer = connection->Send(request, user_agent_);
      const bool is_stale = absl::IsUnavailable(answer.status()) && !connection->has_answered();
      if (answer.ok()) Keep(std::move(connection));
      if (!is_stale || request.method != "GET") return answer;
    }
    auto fresh = Connect();
    if (!fresh.ok()) return fresh.status();
    absl::StatusOr<HttpReply> answer = (*fresh)->Send(request, user_agent_);
    if (answer.ok() && !request.is_stream) Keep(*std::move(fresh));
    return answer;
  } catch (const std::exception& error) {
    return absl::InternalError(StrCat("the HTTP client failed: ", error.what()));
  }
}

absl::StatusOr<std::unique_ptr<HttpTransport::Connection>> HttpTransport::Connect() const {
  auto connection = std::make_unique<Connection>(config_);
  if (absl::Status status = connection->Open(config_); !status.ok()) return status;
  return connection;
}

std::unique_ptr<HttpTransport::Connection> HttpTransport::TakeIdle() {
  std::vector<std::unique_ptr<Connection>> stale;  // closed without the lock
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  if (Clock::now() - idle_.back()->last_used() > kMaxIdleTime) {
    stale.swap(idle_);
    return nullptr;
  }
  std::unique_ptr<Connection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void HttpTransport::Keep(std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kMaxIdle) idle_.push_back(std::move(connection));
}

}  // namespace tidewaiter
