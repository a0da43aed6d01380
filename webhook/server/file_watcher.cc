// SPDX-License-Identifier: Apache-2.0
//
// When to look and when to tell; what is seen is file_snapshot.h's.
#include "webhook/server/file_watcher.h"

#include <optional>
#include <utility>

namespace tidewaiter {

void FileWatcher::Watch(std::vector<std::string> paths, std::function<void()> on_change) {
  // What cannot be noted now (nullopt) is a change at the first look: read once too often rather than never.
  FileSnapshot known = TakeSnapshot(paths).value_or(FileSnapshot{});
  groups_.push_back({.paths = std::move(paths),
                     .on_change = std::move(on_change),
                     .known = known,
                     .seen = known,
                     .is_changing = false,
                     .first_change = {},
                     .last_change = {}});
}

void FileWatcher::Start() {
  if (groups_.empty() && !at_each_look_) return;
  thread_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    std::chrono::milliseconds pause = kInterval;
    while (!wake_.wait_for(lock, pause, [this] { return is_stopping_; })) {
      lock.unlock();
      try {
        pause = Look(std::chrono::steady_clock::now());
      } catch (const std::exception&) {
        pause = kInterval;  // no memory now, perhaps then
      }
      lock.lock();
    }
  });
}

void FileWatcher::Stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::chrono::milliseconds FileWatcher::Look(Time now) {
  bool is_changing = false;
  for (Group& group : groups_) {
    std::optional<FileSnapshot> snapshot = TakeSnapshot(group.paths);
    if (snapshot.has_value() && IsSettled(group, *std::move(snapshot), now)) {
      group.on_change();  // first: where it fails, it is told again
      group.known = group.seen;
      group.is_changing = false;
    }
    is_changing |= group.is_changing;
  }
  if (at_each_look_) at_each_look_();
  return is_changing ? kQuiet : kInterval;
}

bool FileWatcher::IsSettled(Group& group, FileSnapshot now_seen, Time now) {
  const bool is_quiet = now_seen == group.seen;
  group.seen = std::move(now_seen);
  if (group.seen == group.known) {
    group.is_changing = false;  // changed and changed back
    return false;
  }
  if (!group.is_changing) group.first_change = now;
  if (!group.is_changing || !is_quiet) group.last_change = now;
  group.is_changing = true;
  return now - group.last_change >= kQuiet || now - group.first_change >= kMostPatience;
}

}  // namespace tidewaiter
