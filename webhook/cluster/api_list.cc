// SPDX-License-Identifier: Apache-2.0
//
// Lists. A page's text is in memory whole (the server bounds it by `limit`), its objects one at a time.
#include <optional>
#include <utility>

#include "webhook/cluster/api_call.h"
#include "webhook/cluster/api_client.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr int kMaxBeginnings = 4;

// Gives the members of the top-level `items` to the receiver and leaves them out of the result.
absl::StatusOr<Json> ReadPage(std::string_view text, ListReceiver& receiver) {
  absl::Status status;
  bool is_items = false;
  const auto on_event = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth == 1 && event == Json::parse_event_t::key) is_items = parsed == "items";
    if (!is_items || depth != 2 || event == Json::parse_event_t::key) return true;
    if (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start) return true;
    if (!status.ok()) return false;
    status = event == Json::parse_event_t::object_end ? receiver.ListItem(std::move(parsed))
                                                      : absl::DataLossError("an item is no object");
    return false;
  };
  Json page = Json::parse(text, on_event, false);
  if (page.is_discarded() || !page.is_object()) return absl::DataLossError("the list is no JSON object");
  if (!status.ok()) return status;
  return page;
}

}  // namespace

absl::StatusOr<std::string> ApiClient::List(std::string_view path, const ListOptions& options, ListReceiver& receiver) {
  for (int beginnings = 1;; ++beginnings) {
    receiver.BeginList();
    bool has_expired = false;
    absl::StatusOr<std::string> version = ListPages(path, options, receiver, has_expired);
    if (version.ok() || !has_expired || beginnings == kMaxBeginnings) return version;
  }
}

absl::StatusOr<std::string> ApiClient::ListPages(std::string_view path, const ListOptions& options,
                                                 ListReceiver& receiver, bool& has_expired) {
  std::string resource_version, next;
  do {
    Call call;
    call.request.method = "GET";
    call.request.target = WithQuery(path, {{"limit", std::to_string(options.page_size)},
                                           {"labelSelector", options.label_selector},
                                           {"fieldSelector", options.field_selector},
                                           {"continue", next}});
    call.Take(options.call);
    std::string body;
    call.on_try = [&] { body.clear(); };
    call.sink = [&](std::string_view piece) -> absl::Status {
      if (body.size() + piece.size() > kMaxAnswerBytes) {
        return absl::ResourceExhaustedError(StrCat(call.Name(), ": a page has more than ", kMaxAnswerBytes, " bytes"));
      }
      body.append(piece);
      return absl::OkStatus();
    };
    if (absl::Status status = Exchange(call); !status.ok()) {
      has_expired = absl::IsOutOfRange(status) && !next.empty();
      return status;
    }
    const absl::StatusOr<Json> page = ReadPage(body, receiver);
    if (!page.ok()) return absl::Status(page.status().code(), StrCat(call.Name(), ": ", MessageOf(page.status())));
    const Json* items = FindAt(*page, {"items"});
    const std::string kind = TextAt(*page, {"kind"});
    const bool is_list = (options.kind.empty() ? kind.ends_with("List") : kind == options.kind) && items != nullptr &&
                         (items->is_array() || items->is_null());  // null is how Go writes an empty one
    const std::string version = TextAt(*page, {"metadata", "resourceVersion"});
    std::string following = TextAt(*page, {"metadata", "continue"});
    if (!is_list || version.empty() || (!following.empty() && following == next)) {
      return absl::DataLossError(
          StrCat(call.Name(), ": the answer is no ", options.kind.empty() ? "list of objects" : options.kind));
    }
    if (resource_version.empty()) resource_version = version;
    next = std::move(following);
  } while (!next.empty());
  return resource_version;
}

}  // namespace tidewaiter
