// SPDX-License-Identifier: Apache-2.0
//
// A subclass of httplib::Server that never listens: parked_server.h brings whole requests, and the protected
// process_request() turns each into an answer; but for those that look as nearly all do, which need none of it.
#include "webhook/server/admission_handler.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <ctime>
#include <utility>

#include "webhook/engine/respond.h"
#include "webhook/kube/text.h"
#include "webhook/server/go_duration.h"
#include "webhook/server/plain_request.h"

namespace tidewaiter {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// The answer must have travelled back before the caller gives up: a tenth of its time, at most half a second.
constexpr std::chrono::milliseconds kMostMargin{500};
constexpr std::int64_t kRefusalLogSeconds = 60;
constexpr std::string_view kInternalError = "internal error";

// How long a connection may be idle, as answers tell.
std::int64_t KeepAliveSeconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(ServerLimits{}.idle_timeout).count();
}

struct DoorRoute {
  std::string_view path;
  Door door;
};
constexpr std::array<DoorRoute, 3> kRoutes = {
    {{"/validate", Door::kValidate}, {"/mutate", Door::kMutate}, {"/validate-policy", Door::kValidatePolicy}}};

const DoorRoute* FindRoute(std::string_view path) {
  const auto* const found =
      std::find_if(kRoutes.begin(), kRoutes.end(), [&](const DoorRoute& route) { return route.path == path; });
  return found == kRoutes.end() ? nullptr : found;
}

// A request's bytes as cpp-httplib's stream; what it writes is collected.
class MemoryStream final : public httplib::Stream {
 public:
  MemoryStream(std::string_view input, std::string_view remote_address, std::string& output)
      : input_(input), remote_address_(remote_address), output_(output) {}

  bool is_readable() const override { return !input_.empty(); }
  bool wait_readable() const override { return !input_.empty(); }
  bool wait_writable() const override { return true; }
  ssize_t read(char* target, std::size_t size) override {
    const std::size_t count = std::min(size, input_.size());
    std::copy_n(input_.data(), count, target);
    input_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* source, std::size_t size) override {
    output_.append(source, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = remote_address_;
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  socket_t socket() const override { return INVALID_SOCKET; }
  time_t duration() const override { return 0; }

 private:
  std::string_view input_;
  const std::string_view remote_address_;
  std::string& output_;
};

// What belongs to the request that this thread is answering.
struct CurrentRequest {
  SteadyTime start;
  bool is_overloaded = false;
  bool is_draining = false;
  bool is_understood = false;  // its request line and headers could be parsed
  bool says_close = false;     // the answer carries `Connection: close`
};
thread_local CurrentRequest current_request;

// parked_server.h has sent `100 Continue` itself, while the body was on its way.
void DropExpect(httplib::Request& request) { request.headers.erase("Expect"); }

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kTextType = "text/plain; charset=utf-8";

void SetText(httplib::Response& response, int status, std::string_view text) {
  response.status = status;
  response.set_content(StrCat(text, "\n"), std::string(kTextType));
}

bool IsJson(const std::string& content_type) {
  std::string_view type = std::string_view(content_type).substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return httplib::detail::case_ignore::equal(std::string(type), std::string(kJsonType));
}

class HttplibHandler final : public AdmissionHandler, private httplib::Server {
 public:
  HttplibHandler(std::function<std::shared_ptr<const PolicySet>()> policies, const NamespaceSource* namespaces,
                 Metrics& metrics, const Log& log)
      : policies_(std::move(policies)), namespaces_(namespaces), metrics_(metrics), log_(log) {
    set_payload_max_length(kMaxReviewBytes);
    set_keep_alive_max_count(std::numeric_limits<int>::max());
    set_keep_alive_timeout(KeepAliveSeconds());
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      current_request.is_understood = true;
      return CheckRequest(request, response) ? HandlerResponse::Unhandled : HandlerResponse::Handled;
    });
    // cpp-httplib ends the connection after every error. A request that was understood is no reason to: a new handshake
    // would cost more than the answer, most of all when it says "try again".
    set_post_routing_handler([](const httplib::Request& request, httplib::Response& response) {
      const bool asks_for_close = request.get_header_value("Connection") == "close";
      if (current_request.is_understood && !current_request.is_draining && !asks_for_close) {
        response.headers.erase("Connection");
      }
      current_request.says_close = response.get_header_value("Connection") == "close";
    });
    // A path parameter is matched by comparing text, a plain path by std::regex. CheckRequest lets only kRoutes come
    // here.
    Post("/:door", [this](const httplib::Request& request, httplib::Response& response) {
      AnswerReview(FindRoute(request.path)->door, request, response);
    });
    set_error_handler([this](const httplib::Request&, httplib::Response& response) { ExplainError(response); });
    set_exception_handler([this](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
      CountException();
      SetText(response, 500, kInternalError);
    });
  }

  HttpAnswer Handle(const ReceivedRequest& received) override {
    if (std::optional<HttpAnswer> answer = HandlePlain(received); answer.has_value()) return *std::move(answer);
    current_request = {
        .start = received.start, .is_overloaded = received.is_overloaded, .is_draining = received.is_draining};
    HttpAnswer answer;
    MemoryStream stream(received.bytes, received.remote_address, answer.bytes);
    bool is_closed = received.is_draining;
    const bool is_good = process_request(stream, std::string(received.remote_address), 0, "", 0, received.is_draining,
                                         is_closed, DropExpect);
    answer.closes = is_closed || !is_good || current_request.says_close;
    return answer;
  }

  HttpAnswer Refuse(int status, std::string_view reason, std::string_view text) override {
    metrics_.CountError(reason);
    log_.Write(LogLevel::kDebug, "request refused", {{"reason", std::string(reason)}, {"message", std::string(text)}});
    const std::string_view retry = status == 429 ? "Retry-After: 1\r\n" : "";
    return {.bytes = StrCat(StatusLine(status), retry, "Content-Type: ", kTextType,
                            "\r\nConnection: close\r\nContent-Length: ", text.size() + 1, "\r\n\r\n", text, "\n"),
            .closes = true};
  }

  void CountLoss(std::string_view reason) override {
    metrics_.CountError(reason);
    if (reason != "client_refused") return;
    // Whoever knocks again and again does not fill the log: errors_total counts every one.
    const std::int64_t now = steady_clock::now().time_since_epoch() / std::chrono::seconds(1);
    std::int64_t last = last_refusal_logged_.load();
    if (now - last < kRefusalLogSeconds || !last_refusal_logged_.compare_exchange_strong(last, now)) return;
    log_.Write(LogLevel::kWarn, "client refused: it has no certificate of the client CA (logged once a minute)");
  }

 private:
  // False when the response is made already. Looks at the header only.
  bool CheckRequest(const httplib::Request& request, httplib::Response& response) {
    if (FindRoute(request.path) == nullptr) {
      return Fail(response, 404, "not_found", "unknown path: POST /validate, /mutate or /validate-policy");
    }
    if (request.method != "POST") {
      response.set_header("Allow", "POST");
      return Fail(response, 405, "method_not_allowed", "only POST is answered here");
    }
    if (!IsJson(request.get_header_value("Content-Type"))) {
      return Fail(response, 415, "unsupported_media_type", "Content-Type must be application/json");
    }
    if (current_request.is_overloaded) {
      response.set_header("Retry-After", "1");
      return Fail(response, 429, "overloaded", "too many requests wait already");
    }
    if (steady_clock::now() >= Deadline(current_request.start, request.get_param_value("timeout"))) {
      response.set_header("Retry-After", "1");
      return Fail(response, 429, "deadline", "the caller's timeout is over before the review could be judged");
    }
    return true;
  }

  bool Fail(httplib::Response& response, int status, std::string_view reason, std::string_view text) {
    metrics_.CountError(reason);
    log_.Write(LogLevel::kDebug, "request refused", {{"reason", std::string(reason)}, {"message", std::string(text)}});
    SetText(response, status, text);
    return false;
  }

  // When the answer must be on its way: the caller's `?timeout=`, from the request's first byte, less a margin.
  static SteadyTime Deadline(SteadyTime start, std::string_view timeout_text) {
    const std::optional<nanoseconds> timeout = ParseGoDuration(timeout_text);
    if (!timeout.has_value()) return SteadyTime::max();
    return start + *timeout - std::min<nanoseconds>(*timeout / 10, kMostMargin);
  }

  // Answers a review that can be judged now as process_request() would; nullopt leaves the request to it.
  std::optional<HttpAnswer> HandlePlain(const ReceivedRequest& received) {
    if (received.is_draining || received.is_overloaded) return std::nullopt;
    const std::optional<PlainRequest> request = ParsePlainRequest(received.bytes);
    if (!request.has_value() || steady_clock::now() >= Deadline(received.start, request->timeout)) return std::nullopt;
    const DoorRoute* const route = FindRoute(request->path);
    if (route == nullptr) return std::nullopt;
    try {
      const std::shared_ptr<const PolicySet> policies = policies_();
      if (policies == nullptr) return std::nullopt;
      const Answer answer = Judge(route->door, *policies, received.start, request->body);
      return WriteAnswer(answer.http_status, answer.body);
    } catch (...) {  // as cpp-httplib does
      CountException();
      return WriteAnswer(500, StrCat(kInternalError, "\n"));
    }
  }

  static std::string StatusLine(int status) {
    return StrCat("HTTP/1.1 ", status, " ", std::string_view(httplib::status_message(status)), "\r\n");
  }

  static HttpAnswer WriteAnswer(int status, std::string_view body) {
    static const std::string keep_alive =
        StrCat("Keep-Alive: timeout=", KeepAliveSeconds(), ", max=", std::numeric_limits<int>::max(), "\r\n");
    const bool is_review = status == 200;
    return {.bytes = StrCat(StatusLine(status), is_review ? std::string_view(keep_alive) : "", "Content-Length: ",
                            body.size(), "\r\nContent-Type: ", is_review ? kJsonType : kTextType, "\r\n\r\n", body)};
  }

  void CountException() {
    metrics_.CountError("internal");
    log_.Write(LogLevel::kError, "exception while answering a request");
  }

  // The review's decision is counted and logged.
  Answer Judge(Door door, const PolicySet& policies, SteadyTime start, std::string_view body) {
    Answer answer =
        Review(door, {.policies = policies, .today = DateOf(std::time(nullptr)), .namespaces = namespaces_}, body);
    const nanoseconds duration = steady_clock::now() - start;
    metrics_.CountDecision(answer.decision, duration);
    log_.WriteDecision(answer.decision, duration);
    return answer;
  }

  void AnswerReview(Door door, const httplib::Request& request, httplib::Response& response) {
    if (request.body.empty()) {
      Fail(response, 400, "empty_body", "malformed review: empty, where a JSON object was expected");
      return;
    }
    const std::shared_ptr<const PolicySet> policies = policies_();
    if (policies == nullptr) {
      response.set_header("Retry-After", "1");
      Fail(response, 503, "not_ready", "the policies of the cluster are not known yet");
      return;
    }
    Answer answer = Judge(door, *policies, current_request.start, request.body);
    response.status = answer.http_status;
    response.set_content(std::move(answer.body), std::string(answer.http_status == 200 ? kJsonType : kTextType));
  }

  // Errors that cpp-httplib found by itself get a line of text, too.
  void ExplainError(httplib::Response& response) {
    if (!response.body.empty()) return;
    metrics_.CountError(response.status == 413 ? "too_large" : "bad_request");
    SetText(response, response.status, httplib::status_message(response.status));
  }

  const std::function<std::shared_ptr<const PolicySet>()> policies_;
  const NamespaceSource* const namespaces_;
  Metrics& metrics_;
  const Log& log_;
  std::atomic<std::int64_t> last_refusal_logged_ = -kRefusalLogSeconds;
};

}  // namespace

std::unique_ptr<AdmissionHandler> AdmissionHandler::Make(std::function<std::shared_ptr<const PolicySet>()> policies,
                                                         const NamespaceSource* namespaces, Metrics& metrics,
                                                         const Log& log) {
  return std::make_unique<HttplibHandler>(std::move(policies), namespaces, metrics, log);
}

}  // namespace tidewaiter
