// SPDX-License-Identifier: Apache-2.0
//
// Single objects, and the exchange that lists (api_list.cc) and watches (api_watch.cc) share.
#include "webhook/cluster/api_client.h"

#include <algorithm>
#include <utility>

#include "webhook/cluster/api_call.h"
#include "webhook/kube/characters.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMaxRetries = 10;                    // client-go rest.Request's
constexpr int kMaxUpdates = 5;                     // client-go retry.DefaultRetry's
constexpr std::size_t kMaxErrorBytes = 64u << 10;  // of a refusal's body

// Pauses for as long as the server asks; false when there is no time for that.
bool PauseForRetry(const ApiError& error, Clock::time_point deadline, Cancellation* cancellation) {
  if (!error.retry_after.has_value() || (error.code != 429 && error.code < 500)) return false;
  if (Clock::now() + *error.retry_after >= deadline) return false;
  Cancellation none;
  return !(cancellation == nullptr ? none : *cancellation).WaitFor(*error.retry_after);
}

std::string_view ContentType(PatchType type) {
  switch (type) {
    case PatchType::kMerge:
      return "application/merge-patch+json";
    case PatchType::kJson:
      return "application/json-patch+json";
    case PatchType::kApply:
      break;
  }
  return "application/apply-patch+yaml";  // JSON is YAML
}

}  // namespace

ApiClient::ApiClient(ClusterConfig config)
    : token_(config.token, config.token_file), transport_(std::move(config), "tidewaiter/" TIDEWAITER_VERSION) {}

absl::Status ApiClient::Exchange(Call& call) {
  const auto deadline = Clock::now() + call.request.whole_timeout;
  bool has_new_token = false;
  for (int tries = 0;; ++tries) {
    if (call.on_try) call.on_try();
    int code = 0;
    std::string refusal;
    absl::Status sunk;
    call.request.bearer_token = token_.Get();
    call.request.on_header = [&](int status) {
      code = status;
      if (code / 100 == 2 && call.on_open) call.on_open();
    };
    call.request.on_body = [&](std::string_view piece) {
      if (code / 100 == 2) return (sunk = call.sink(piece)).ok();
      refusal.append(piece.substr(0, kMaxErrorBytes - refusal.size()));
      return true;
    };
    const absl::StatusOr<HttpReply> answer = transport_.Send(call.request);
    if (!sunk.ok()) return sunk;
    if (!answer.ok()) {
      return absl::Status(answer.status().code(), StrCat(call.Name(), ": ", MessageOf(answer.status())));
    }
    if (answer->status / 100 == 2) return absl::OkStatus();
    const ApiError error = DecodeApiError(answer->status, refusal, answer->retry_after);
    if (error.code == 401 && !has_new_token && token_.Renew(call.request.bearer_token)) {
      has_new_token = true;
    } else if (call.request.is_stream || tries >= kMaxRetries ||
               !PauseForRetry(error, deadline, call.request.cancellation)) {
      return ToStatus(error, call.Name());
    }
    if (!call.request.is_stream) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
      call.request.whole_timeout = std::max(left, std::chrono::milliseconds(1));
    }
  }
}

absl::StatusOr<Json> ApiClient::ExchangeObject(Call& call, const CallOptions& options) {
  call.Take(options);
  std::string body;
  call.on_try = [&] { body.clear(); };
  call.sink = [&](std::string_view piece) -> absl::Status {
    if (body.size() + piece.size() > kMaxAnswerBytes) {
      return absl::ResourceExhaustedError(
          StrCat(call.Name(), ": the answer has more than ", kMaxAnswerBytes, " bytes"));
    }
    body.append(piece);
    return absl::OkStatus();
  };
  if (absl::Status status = Exchange(call); !status.ok()) return status;
  Json object = ParseJson(body);
  if (!object.is_object()) return absl::DataLossError(StrCat(call.Name(), ": the answer is no JSON object"));
  return object;
}

absl::StatusOr<Json> ApiClient::Get(std::string_view path, const CallOptions& options) {
  Call call;
  call.request.method = "GET";
  call.request.target = std::string(path);
  return ExchangeObject(call, options);
}

absl::StatusOr<Json> ApiClient::Send(std::string_view method, std::string_view path, const Json& object,
                                     const CallOptions& options) {
  Call call;
  call.request.method = method;
  call.request.target = WithQuery(path, {{"fieldManager", "tidewaiter"}});
  call.request.content_type = "application/json";
  call.request.body = WriteJson(object);
  return ExchangeObject(call, options);
}

absl::StatusOr<Json> ApiClient::Create(std::string_view collection, const Json& object, const CallOptions& options) {
  return Send("POST", collection, object, options);
}

absl::StatusOr<Json> ApiClient::Update(std::string_view path, const Json& object, const CallOptions& options) {
  return Send("PUT", path, object, options);
}

absl::StatusOr<Json> ApiClient::UpdateStatus(std::string_view path, const Json& object, const CallOptions& options) {
  return Update(StrCat(path, "/status"), object, options);
}

absl::StatusOr<Json> ApiClient::Patch(std::string_view path, PatchType type, const Json& patch,
                                      const CallOptions& options) {
  Call call;
  call.request.method = "PATCH";
  call.request.target =
      WithQuery(path, {{"fieldManager", "tidewaiter"}, {"force", type == PatchType::kApply ? "true" : ""}});
  call.request.content_type = std::string(ContentType(type));
  call.request.body = WriteJson(patch);
  return ExchangeObject(call, options);
}

absl::Status ApiClient::Delete(std::string_view path, const CallOptions& options) {
  Call call;
  call.request.method = "DELETE";
  call.request.target = std::string(path);
  return ExchangeObject(call, options).status();
}

absl::StatusOr<Json> ApiClient::UpdateWithRetry(std::string_view path,
                                                const std::function<absl::Status(Json& object)>& modify, bool is_status,
                                                const CallOptions& options) {
  for (int tries = 1;; ++tries) {
    absl::StatusOr<Json> object = Get(path, options);
    if (!object.ok()) return object;
    if (absl::Status status = modify(*object); !status.ok()) return status;
    object = is_status ? UpdateStatus(path, *object, options) : Update(path, *object, options);
    if (tries == kMaxUpdates || !absl::IsAborted(object.status())) return object;
  }
}

std::string PercentEncode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (IsAlphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

std::string WithQuery(std::string_view path, const std::vector<std::pair<std::string_view, std::string>>& parameters) {
  std::string target(path);
  char separator = path.find('?') == std::string_view::npos ? '?' : '&';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    target += separator;
    target += StrCat(name, "=", PercentEncode(value));
    separator = '&';
  }
  return target;
}

std::string ResourcePath(std::string_view prefix, std::string_view namespace_name, std::string_view resource,
                         std::string_view name) {
  std::string path(prefix);
  if (!namespace_name.empty()) StrAppend(&path, "/namespaces/", PercentEncode(namespace_name));
  StrAppend(&path, "/", PercentEncode(resource));
  if (!name.empty()) StrAppend(&path, "/", PercentEncode(name));
  return path;
}

}  // namespace tidewaiter
