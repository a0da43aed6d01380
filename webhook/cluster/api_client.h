// SPDX-License-Identifier: Apache-2.0
//
// The Kubernetes API over HTTP: single objects, lists page by page, watches as they happen. It keeps no state of the
// cluster; reflector.h does. Tested by tests/cluster/api_client_test.cc, list_test.cc and watch_test.cc.
//
// Paths are those of the API, percent-encoded: "/api/v1/namespaces/default" (see ResourcePath).
//
// Every call returns what the API server refused with as api_error.h says, and what never reached it or broke as
// HttpTransport::Send says; DataLoss for an answer that is not what it should be, ResourceExhausted for one that is too
// large. 429 and 5xx with Retry-After are tried again as long as the call's time allows, like client-go at most ten
// times; after a 401 the token is read anew and, when it is another one, used at once.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "webhook/cluster/api_error.h"
#include "webhook/cluster/bearer_token.h"
#include "webhook/cluster/cluster_config.h"
#include "webhook/cluster/http_transport.h"
#include "webhook/cluster/json_text.h"

namespace tidewaiter {

struct CallOptions {
  // The whole call, tries after Retry-After included. Connecting alone takes 5 s of it at most.
  std::chrono::milliseconds timeout{10'000};
  Cancellation* cancellation = nullptr;
};

enum class PatchType { kMerge, kJson, kApply };  // RFC 7386, RFC 6902, server-side apply

struct ListOptions {
  std::string kind;  // of the list: "NamespaceList"; empty = any
  std::string label_selector, field_selector;
  int page_size = 500;                                                             // as client-go's pager
  CallOptions call{.timeout = std::chrono::seconds(30), .cancellation = nullptr};  // of each page
};

// Takes a list object by object, so that no list is ever in memory whole.
class ListReceiver {
 public:
  virtual ~ListReceiver() = default;
  // A list begins; what an earlier, broken-off one gave is void.
  virtual void BeginList() = 0;
  // What it does not take (InvalidArgument, say) breaks the list off.
  virtual absl::Status ListItem(Json object) = 0;
};

struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark };
  Type type = Type::kBookmark;
  Json object;
};

struct WatchOptions {
  std::string label_selector, field_selector;
  std::string resource_version;  // where the watch begins
  // After this the server ends the watch; the client does 30 s later.
  std::chrono::seconds timeout{300};
  // A watch that brings nothing for so long is given up. The API server sends a bookmark every minute.
  std::chrono::milliseconds idle_timeout{150'000};
  Cancellation* cancellation = nullptr;
  std::function<void()> on_open;  // the server has taken the watch
};

// Thread safe.
class ApiClient {
 public:
  // An answer, a page of a list, and an event may each have so many bytes. etcd takes objects of 1.5 MB.
  static constexpr std::size_t kMaxAnswerBytes = 64u << 20;
  static constexpr std::size_t kMaxEventBytes = 16u << 20;

  explicit ApiClient(ClusterConfig config);

  absl::StatusOr<Json> Get(std::string_view path, const CallOptions& options = {});
  // `collection` is the path of the objects of that kind, in the namespace.
  absl::StatusOr<Json> Create(std::string_view collection, const Json& object, const CallOptions& options = {});
  // Aborted when the object's resourceVersion is not the newest.
  absl::StatusOr<Json> Update(std::string_view path, const Json& object, const CallOptions& options = {});
  absl::StatusOr<Json> UpdateStatus(std::string_view path, const Json& object, const CallOptions& options = {});
  // `kApply` takes over fields from other managers (force).
  absl::StatusOr<Json> Patch(std::string_view path, PatchType type, const Json& patch, const CallOptions& options = {});
  absl::Status Delete(std::string_view path, const CallOptions& options = {});

  // Gets the object, lets `modify` change it, and puts it back (as UpdateStatus when `is_status`); all again when
  // somebody else was faster, five times at most. What `modify` returns ends it: AlreadyExists, say, for "nothing to
  // do". The result is the object as the server has it now. The options hold for each of these calls.
  absl::StatusOr<Json> UpdateWithRetry(std::string_view path, const std::function<absl::Status(Json& object)>& modify,
                                       bool is_status = false, const CallOptions& options = {});

  // The whole list, and its resourceVersion: that of its first page, from which a watch misses nothing. A list whose
  // next page has expired (410) begins anew, three times at most; then OutOfRange. Without any resourceVersion: as of
  // now, not from a cache.
  absl::StatusOr<std::string> List(std::string_view path, const ListOptions& options, ListReceiver& receiver);

  // Calls `on_event` for each event, on this thread, as it arrives. OK when the server ended the watch in good order;
  // OutOfRange when the resourceVersion is too old; what `on_event` returns, if not OK, ends the watch.
  absl::Status Watch(std::string_view path, const WatchOptions& options,
                     const std::function<absl::Status(WatchEvent event)>& on_event);

 private:
  // One exchange, tried again as said above.
  struct Call;
  absl::Status Exchange(Call& call);
  absl::StatusOr<Json> ExchangeObject(Call& call, const CallOptions& options);
  // Creates (POST) or puts in place (PUT) a whole object.
  absl::StatusOr<Json> Send(std::string_view method, std::string_view path, const Json& object,
                            const CallOptions& options);
  absl::StatusOr<std::string> ListPages(std::string_view path, const ListOptions& options, ListReceiver& receiver,
                                        bool& has_expired);

  BearerToken token_;
  HttpTransport transport_;
};

// PREFIX/namespaces/NAMESPACE/RESOURCE[/NAME], without the namespace when that is empty; parts are percent-encoded. The
// prefix is "/api/v1" or "/apis/GROUP/VERSION".
std::string ResourcePath(std::string_view prefix, std::string_view namespace_name, std::string_view resource,
                         std::string_view name = "");

}  // namespace tidewaiter
