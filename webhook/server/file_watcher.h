// SPDX-License-Identifier: Apache-2.0
//
// Tells when files have come to hold something else: it knows paths and whom to call, not what the files are for.
// Tested by tests/server/file_watcher_test.cc.
//
// It reads the files four times a second and compares what they hold. Neither inotify nor the times of files:
// - inotify tells nothing of network file systems, can be used up (128 instances a user is common), and needs another
//   watch for every link of the way to a mounted ConfigMap. Reading would be needed beside it; alone it is enough.
// - Times are as coarse as the file system makes them (milliseconds to 2 s), NFS answers them from a cache, and a file
//   that was only touched would look changed. Opening and reading has none of this.
// Measured in a running server: seven files of 4 KB cost 0.2 ms of CPU a look, 0.07 % of one core; a thousand some 3 %.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "webhook/server/file_snapshot.h"

namespace tidewaiter {

class FileWatcher {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // A change is seen after 250 ms at most. Then the writer is given time to finish: until nothing has changed for
  // 100 ms, at most for 500 ms. So what was written reaches its user within 350 ms, and within 750 ms while somebody
  // goes on writing.
  static constexpr std::chrono::milliseconds kInterval{250};
  static constexpr std::chrono::milliseconds kQuiet{100};
  static constexpr std::chrono::milliseconds kMostPatience{500};

  FileWatcher() = default;
  ~FileWatcher() { Stop(); }
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

  // Notes what the files hold now (see TakeSnapshot); `on_change` is called each time they have come to hold something
  // else, becoming unreadable and readable again included. Call it before the files are read for use, so that no change
  // falls in between. Before Start only.
  void Watch(std::vector<std::string> paths, std::function<void()> on_change);

  // `call` is made at each look, whatever the files hold: for what must happen now and then and needs no thread of its
  // own. Before Start only.
  void AtEachLook(std::function<void()> call) { at_each_look_ = std::move(call); }

  // Looks from now on, on a thread of its own, which also makes the calls. No thread when there is nothing to watch.
  void Start();

  // Ends the thread at once, or after the call it is in. Without effect when there is none.
  void Stop();

  // Looks once and makes the calls that are due; the result is when to look again. What the thread does: public for
  // tests, which bring their own time, and not beside it.
  std::chrono::milliseconds Look(Time now);

 private:
  struct Group {
    std::vector<std::string> paths;
    std::function<void()> on_change;
    FileSnapshot known;        // what on_change was told last
    FileSnapshot seen;         // what the last look saw
    bool is_changing = false;  // `seen` is not `known`, and on_change was not told yet
    Time first_change, last_change;
  };

  // Whether it is time to tell.
  static bool IsSettled(Group& group, FileSnapshot now_seen, Time now);

  std::vector<Group> groups_;
  std::function<void()> at_each_look_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace tidewaiter
