// SPDX-License-Identifier: Apache-2.0
//
// Watches: one JSON object a line, for as long as it lasts.
#include <optional>
#include <utility>

#include "webhook/cluster/api_call.h"
#include "webhook/cluster/api_client.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::chrono::seconds kGrace{30};  // for a server that ends its watches late

std::optional<WatchEvent::Type> TypeOf(std::string_view name) {
  if (name == "ADDED") return WatchEvent::Type::kAdded;
  if (name == "MODIFIED") return WatchEvent::Type::kModified;
  if (name == "DELETED") return WatchEvent::Type::kDeleted;
  if (name == "BOOKMARK") return WatchEvent::Type::kBookmark;
  return std::nullopt;
}

absl::StatusOr<WatchEvent> DecodeEvent(std::string_view line, std::string_view request) {
  Json event = ParseJson(line);
  const Json* object = FindAt(event, {"object"});
  if (object == nullptr || !object->is_object()) {
    return absl::DataLossError(StrCat(request, ": no watch event: ", Quoted(line)));
  }
  const std::string type_name = TextAt(event, {"type"});
  if (type_name == "ERROR") {
    const Json* code = FindAt(*object, {"code"});
    const int http_code = code != nullptr && code->is_number_integer() ? code->get<int>() : 500;
    return ToStatus(DecodeApiError(http_code, WriteJson(*object), ""), request);
  }
  const std::optional<WatchEvent::Type> type = TypeOf(type_name);
  if (!type.has_value()) return absl::DataLossError(StrCat(request, ": unknown watch event ", Quoted(type_name)));
  return WatchEvent{.type = *type, .object = std::move(event["object"])};
}

// Cuts what arrives into lines.
class Lines {
 public:
  // Calls `on_line` for each line that has come to its end. ResourceExhausted when one is longer than `most` bytes.
  template <typename OnLine>
  absl::Status Append(std::string_view piece, std::size_t most, OnLine on_line) {
    for (std::size_t end; (end = piece.find('\n')) != std::string_view::npos; piece.remove_prefix(end + 1)) {
      begun_.append(piece.substr(0, end));
      const std::string line = std::exchange(begun_, {});
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      if (absl::Status status = on_line(line); !status.ok()) return status;
    }
    if (begun_.size() + piece.size() > most) {
      return absl::ResourceExhaustedError(StrCat("a watch event has more than ", most, " bytes"));
    }
    begun_.append(piece);
    return absl::OkStatus();
  }
  bool is_within_line() const { return begun_.find_first_not_of(" \t\r") != std::string::npos; }

 private:
  std::string begun_;
};

}  // namespace

absl::Status ApiClient::Watch(std::string_view path, const WatchOptions& options,
                              const std::function<absl::Status(WatchEvent event)>& on_event) {
  Call call;
  call.request.method = "GET";
  call.request.target = WithQuery(path, {{"watch", "true"},
                                         {"allowWatchBookmarks", "true"},
                                         {"resourceVersion", options.resource_version},
                                         {"timeoutSeconds", std::to_string(options.timeout.count())},
                                         {"labelSelector", options.label_selector},
                                         {"fieldSelector", options.field_selector}});
  call.request.is_stream = true;
  call.request.whole_timeout = options.timeout + kGrace;
  call.request.idle_timeout = options.idle_timeout;
  call.request.cancellation = options.cancellation;
  call.on_open = options.on_open;
  const std::string name = call.Name();
  Lines lines;
  call.sink = [&](std::string_view piece) {
    return lines.Append(piece, kMaxEventBytes, [&](std::string_view line) {
      absl::StatusOr<WatchEvent> event = DecodeEvent(line, name);
      return event.ok() ? on_event(*std::move(event)) : event.status();
    });
  };
  if (absl::Status status = Exchange(call); !status.ok()) return status;
  if (lines.is_within_line()) return absl::UnavailableError(StrCat(name, ": the watch ended within an event"));
  return absl::OkStatus();
}

}  // namespace tidewaiter
