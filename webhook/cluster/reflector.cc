// SPDX-License-Identifier: Apache-2.0
//
// One loop: list when there is no resourceVersion, else watch.
#include "webhook/cluster/reflector.h"

#include <algorithm>
#include <utility>

#include "webhook/cluster/status_copy.h"
#include "webhook/cluster/survive.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Clock = std::chrono::steady_clock;

// A watch that ends sooner without any event was no good watch (client-go: "very short watch").
constexpr std::chrono::seconds kShortWatch{1};
// A server that asks for more is asked again all the same.
constexpr std::chrono::milliseconds kMostRetryAfter{60'000};

// Whether the watch can go on from the last resourceVersion.
bool CanGoOn(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOutOfRange:       // too old
    case absl::StatusCode::kDataLoss:         // garbage
    case absl::StatusCode::kInvalidArgument:  // the server or the handler cannot make sense of it
    case absl::StatusCode::kNotFound:         // the kind is gone, or the path wrong
      return false;
    default:
      return true;
  }
}

absl::Status CheckKind(const Json& object, const std::string& kind) {
  const std::string found = TextAt(object, {"kind"});
  if (found == kind) return absl::OkStatus();
  return absl::DataLossError(StrCat("expected an object of kind ", kind, ", found ", Quoted(found)));
}

}  // namespace

Reflector::Reflector(ApiClient& client, ReflectorOptions options, ReflectorHandler& handler)
    : client_(client), options_(std::move(options)), handler_(handler), backoff_(options_.backoff, options_.random) {}

void Reflector::Start() {
  {
    const std::lock_guard lock(mutex_);
    is_ended_ = false;
  }
  thread_ = std::thread([this] {
    Run();
    const std::lock_guard lock(mutex_);
    is_ended_ = true;
    changed_.notify_all();
  });
}

void Reflector::Stop() {
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    cancellation_.Cancel();
    lock.lock();
    // Again now and then: see Cancellation::Cancel.
  } while (!changed_.wait_for(lock, std::chrono::milliseconds(20), [this] { return is_ended_; }));
  lock.unlock();
  if (thread_.joinable()) thread_.join();
}

void Reflector::Run() {
  while (!cancellation_.is_cancelled()) {
    if (Survives([this] { RunTurn(); })) continue;
    // What the handler did not take comes again: resource_version_ tells of what it took.
    {
      const std::lock_guard lock(mutex_);
      ++counters_.errors;
    }
    cancellation_.WaitFor(kPauseAfterThrow);
  }
}

void Reflector::RunTurn() {
  const absl::Status status = resource_version_.empty() ? ListAll() : WatchOn();
  if (cancellation_.is_cancelled() || status.ok()) return;
  if (!CanGoOn(status)) resource_version_.clear();
  {
    const std::lock_guard lock(mutex_);
    ++counters_.errors;
    last_error_ = status;
  }
  if (options_.on_error) options_.on_error(status);
  std::chrono::milliseconds pause = backoff_.Next();
  if (const auto error = ApiErrorOf(status); error.has_value() && error->retry_after.has_value()) {
    pause = std::max<std::chrono::milliseconds>(
        pause, std::min<std::chrono::milliseconds>(*error->retry_after, kMostRetryAfter));
  }
  cancellation_.WaitFor(pause);
}

absl::Status Reflector::ListAll() {
  {
    const std::lock_guard lock(mutex_);
    ++counters_.lists;
  }
  ListOptions options;
  options.kind = options_.kind + "List";
  options.label_selector = options_.label_selector;
  options.field_selector = options_.field_selector;
  options.page_size = options_.page_size;
  options.call = {.timeout = options_.list_timeout, .cancellation = &cancellation_};
  const absl::StatusOr<std::string> version = client_.List(options_.path, options, handler_);
  if (!version.ok()) return version.status();
  handler_.Replace(*version);
  resource_version_ = *version;
  NoteContact();
  const std::lock_guard lock(mutex_);
  has_synced_ = true;
  last_error_ = absl::OkStatus();
  changed_.notify_all();
  return absl::OkStatus();
}

absl::Status Reflector::WatchOn() {
  const auto start = Clock::now();
  const std::string begin = resource_version_;
  WatchOptions options;
  options.label_selector = options_.label_selector;
  options.field_selector = options_.field_selector;
  options.resource_version = resource_version_;
  options.timeout = std::chrono::duration_cast<std::chrono::seconds>(options_.watch_timeout * (1 + options_.random()));
  options.idle_timeout = options_.idle_timeout;
  options.cancellation = &cancellation_;
  options.on_open = [this] {
    NoteContact();
    const std::lock_guard lock(mutex_);
    ++counters_.watches;
    last_error_ = absl::OkStatus();
  };
  absl::Status status =
      client_.Watch(options_.path, options, [this](WatchEvent event) { return TakeEvent(std::move(event)); });
  if (!status.ok()) return status;
  if (begin == resource_version_ && Clock::now() - start < kShortWatch) {
    return absl::UnavailableError("the API server ended the watch at once");
  }
  backoff_.Reset();
  return absl::OkStatus();
}

absl::Status Reflector::TakeEvent(WatchEvent event) {
  if (absl::Status status = CheckKind(event.object, options_.kind); !status.ok()) return status;
  std::string version = TextAt(event.object, {"metadata", "resourceVersion"});
  if (version.empty()) return absl::DataLossError("an event's object has no metadata.resourceVersion");
  absl::Status status;
  if (event.type == WatchEvent::Type::kDeleted) {
    status = handler_.Delete(std::move(event.object));
  } else if (event.type != WatchEvent::Type::kBookmark) {
    status = handler_.Upsert(std::move(event.object));
  }
  if (!status.ok()) return status;
  resource_version_ = std::move(version);
  backoff_.Reset();
  NoteContact();
  const std::lock_guard lock(mutex_);
  ++counters_.events;
  return absl::OkStatus();
}

void Reflector::NoteContact() {
  const std::lock_guard lock(mutex_);
  last_contact_ = Clock::now();
}

bool Reflector::WaitForSync(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [this] { return has_synced_ || is_ended_; });
  return has_synced_;
}

std::optional<std::chrono::milliseconds> Reflector::AgeOfState() const {
  const std::lock_guard lock(mutex_);
  if (!last_contact_.has_value()) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - *last_contact_);
}

ReflectorCounters Reflector::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

absl::Status Reflector::last_error() const {
  const std::lock_guard lock(mutex_);
  return CopyForAnotherThread(last_error_);
}

}  // namespace tidewaiter
