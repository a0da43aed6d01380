// SPDX-License-Identifier: Apache-2.0
//
// Keeps somebody informed of all objects of one kind: lists them, then watches, for as long as it lives, whatever the
// API server does. It keeps none of the objects itself. Tested by tests/cluster/reflector_test.cc.
//
// What goes wrong is tried again after a pause (backoff.h; at least what Retry-After says):
// - a list that fails, the kind not being there yet (404) included: listed again;
// - a watch that breaks, is silent for too long or refused: watched on from the last resourceVersion;
// - a resourceVersion that is too old (410, as answer or event), and events that are garbage: listed anew.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "webhook/cluster/api_client.h"
#include "webhook/cluster/backoff.h"

namespace tidewaiter {

// Who is informed; always on the reflector's thread. A status that is not OK means that the object is not what it
// should be: then everything is listed anew.
class ReflectorHandler : public ListReceiver {
 public:
  // The list that BeginList and ListItem told of is complete: it is the state now, and what is not in it is gone.
  virtual void Replace(const std::string& resource_version) = 0;
  // Added or changed.
  virtual absl::Status Upsert(Json object) = 0;
  virtual absl::Status Delete(Json object) = 0;
};

struct ReflectorOptions {
  std::string path;  // of the collection: "/api/v1/namespaces"
  std::string kind;  // of its objects: "Namespace"
  std::string label_selector, field_selector;
  int page_size = 500;
  std::chrono::milliseconds list_timeout{30'000};  // of each page
  // Up to twice this, chosen at random as client-go does, so that watches do not all end together.
  std::chrono::seconds watch_timeout{300};
  std::chrono::milliseconds idle_timeout{150'000};
  BackoffBounds backoff;
  std::function<double()> random = RandomFraction;
  // Told of each failure, on the reflector's thread.
  std::function<void(const absl::Status& why)> on_error;
};

struct ReflectorCounters {
  std::uint64_t lists = 0;    // begun
  std::uint64_t watches = 0;  // taken by the server
  std::uint64_t events = 0;   // bookmarks included
  std::uint64_t errors = 0;
};

class Reflector {
 public:
  // The client and the handler outlive the reflector.
  Reflector(ApiClient& client, ReflectorOptions options, ReflectorHandler& handler);
  ~Reflector() { Stop(); }
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  // Once.
  void Start();
  // Ends the thread, also in the middle of a silent watch, a list or a pause; no call of the handler comes after it.
  // Name resolution alone cannot be interrupted. Not on the reflector's thread.
  void Stop();

  // Thread safe, as all below: whether the first list has been complete.
  bool has_synced() const { return has_synced_; }
  // Waits for that; false when it did not come to be within the time, or Stop was called.
  bool WaitForSync(std::chrono::milliseconds timeout) const;
  // How long ago the API server was last heard of: a list complete, a watch taken, an event or a bookmark. In a quiet
  // cluster up to a minute is usual (bookmarks), more means that the state may be old. nullopt before the first time.
  std::optional<std::chrono::milliseconds> AgeOfState() const;
  ReflectorCounters counters() const;
  // The newest failure; OK when there was none since the last list or watch.
  absl::Status last_error() const;

 private:
  void Run();
  void RunTurn();
  absl::Status ListAll();
  absl::Status WatchOn();
  absl::Status TakeEvent(WatchEvent event);
  void NoteContact();

  ApiClient& client_;
  const ReflectorOptions options_;
  ReflectorHandler& handler_;
  Cancellation cancellation_;
  std::thread thread_;

  // Of the thread alone.
  Backoff backoff_;
  std::string resource_version_;  // of the last event; empty when a list is due

  std::atomic<bool> has_synced_ = false;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool is_ended_ = true;
  ReflectorCounters counters_;
  absl::Status last_error_;
  std::optional<std::chrono::steady_clock::time_point> last_contact_;
};

}  // namespace tidewaiter
