// SPDX-License-Identifier: Apache-2.0
//
// Everything that can happen to a file, and when it is told. Most tests bring their own time and no thread; the last
// ones run the thread.
#include "webhook/server/file_watcher.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "tests/testing/temporary_folder.h"
#include "tests/testing/tls_client.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class FileWatcherTest : public ::testing::Test {
 protected:
  // One of each: a file, a folder, a mounted ConfigMap.
  void SetUp() override {
    folder_.Write("one.yaml", "1");
    folder_.Write("folder/a.yaml", "a");
    folder_.Write("folder/b.yml", "b");
    folder_.Write("mount/..2026_1/x.yaml", "x");
    folder_.Write("mount/..2026_2/x.yaml", "y");
    folder_.Write("mount/..2026_3/x.yaml", "x");
    folder_.Link("..2026_1", "mount/..data");
    folder_.Link("..data/x.yaml", "mount/x.yaml");
  }

  void WatchAll(FileWatcher& watcher) {
    watcher.Watch({folder_.Path("one.yaml"), folder_.Path("folder"), folder_.Path("mount")}, [this] { ++calls_; });
  }
  // A look, so many milliseconds after the first.
  milliseconds LookAt(FileWatcher& watcher, int time) { return watcher.Look(start_ + milliseconds(time)); }

  TemporaryFolder folder_;
  std::atomic<int> calls_ = 0;
  const FileWatcher::Time start_ = std::chrono::steady_clock::now();
};

TEST_F(FileWatcherTest, EachKindOfChangeIsToldOnce) {
  const auto write = [](const char* name, const char* text) {
    return [=](const TemporaryFolder& folder) { folder.Write(name, text); };
  };
  const auto remove = [](const char* name) {
    return [=](const TemporaryFolder& folder) { fs::remove_all(folder.Path(name)); };
  };
  struct Row {
    const char* name;
    std::function<void(const TemporaryFolder&)> change;
    bool is_told;
  };
  const Row rows[] = {
      {"edited in place", write("one.yaml", "22"), true},
      {"edited in place, size and time as before",
       [](const TemporaryFolder& folder) {
         const fs::path path = folder.Path("one.yaml");
         const auto time = fs::last_write_time(path);
         folder.Write("one.yaml", "2");
         fs::last_write_time(path, time);
       },
       true},
      {"another file renamed over it",
       [](const TemporaryFolder& folder) {
         folder.Write("one.tmp", "2");
         fs::rename(folder.Path("one.tmp"), folder.Path("one.yaml"));
       },
       true},
      {"emptied", write("one.yaml", ""), true},
      {"removed", remove("one.yaml"), true},
      {"a link that leads nowhere", [](const TemporaryFolder& folder) { folder.Link("nowhere", "one.yaml"); }, true},
      {"a link to itself", [](const TemporaryFolder& folder) { folder.Link("one.yaml", "one.yaml"); }, true},
      {"a link to the same content",
       [](const TemporaryFolder& folder) {
         folder.Write("other", "1");
         folder.Link("other", "one.yaml");
       },
       false},
      {"a folder instead",
       [](const TemporaryFolder& folder) {
         fs::remove(folder.Path("one.yaml"));
         fs::create_directory(folder.Path("one.yaml"));
       },
       true},
      {"a pipe instead",
       [](const TemporaryFolder& folder) {
         fs::remove(folder.Path("one.yaml"));
         ASSERT_EQ(mkfifo(folder.Path("one.yaml").c_str(), 0600), 0);
       },
       true},
      {"only touched",
       [](const TemporaryFolder& folder) {
         fs::last_write_time(folder.Path("one.yaml"), fs::file_time_type::clock::now() + std::chrono::hours(1));
       },
       false},
      {"the same content written", write("one.yaml", "1"), false},
      {"the same content renamed over it",
       [](const TemporaryFolder& folder) {
         folder.Write("one.tmp", "1");
         fs::rename(folder.Path("one.tmp"), folder.Path("one.yaml"));
       },
       false},
      {"file of a folder edited", write("folder/b.yml", "c"), true},
      {"file added to a folder", write("folder/c.yaml", "c"), true},
      {"file removed from a folder", remove("folder/b.yml"), true},
      {"last files removed from a folder",
       [](const TemporaryFolder& folder) {
         fs::remove(folder.Path("folder/a.yaml"));
         fs::remove(folder.Path("folder/b.yml"));
       },
       true},
      {"file of a folder renamed",
       [](const TemporaryFolder& folder) { fs::rename(folder.Path("folder/b.yml"), folder.Path("folder/c.yml")); },
       true},
      {"hidden file added to a folder", write("folder/.c.yaml", "c"), false},
      {"other file added to a folder", write("folder/c.yaml~", "c"), false},
      {"file added to a folder's folder", write("folder/more/c.yaml", "c"), false},
      {"folder removed", remove("folder"), true},
      {"a link to the same folder instead",
       [](const TemporaryFolder& folder) {
         fs::rename(folder.Path("folder"), folder.Path("real"));
         folder.Link("real", "folder");
       },
       false},
      {"ConfigMap's link swapped", [](const TemporaryFolder& folder) { folder.Swap("..2026_2", "mount/..data"); },
       true},
      {"ConfigMap's link swapped to the same content",
       [](const TemporaryFolder& folder) { folder.Swap("..2026_3", "mount/..data"); }, false},
      {"ConfigMap's old folder removed too early", remove("mount/..2026_1"), true},
      {"larger than any file that is loaded",
       [](const TemporaryFolder& folder) { folder.Write("one.yaml", std::string((4u << 20) + 1, 'x')); }, true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    folder_ = TemporaryFolder();
    SetUp();
    calls_ = 0;
    FileWatcher watcher;
    WatchAll(watcher);
    EXPECT_EQ(LookAt(watcher, 0), FileWatcher::kInterval);
    row.change(folder_);
    EXPECT_EQ(LookAt(watcher, 250), row.is_told ? FileWatcher::kQuiet : FileWatcher::kInterval);
    EXPECT_EQ(calls_, 0);
    EXPECT_EQ(LookAt(watcher, 350), FileWatcher::kInterval);
    EXPECT_EQ(calls_, row.is_told ? 1 : 0);
    for (int time = 600; time < 3000; time += 250) EXPECT_EQ(LookAt(watcher, time), FileWatcher::kInterval);
    EXPECT_EQ(calls_, row.is_told ? 1 : 0);
  }
}

TEST_F(FileWatcherTest, AWriterIsGivenTimeToFinish) {
  FileWatcher watcher;
  WatchAll(watcher);
  std::string text;
  for (int time = 0; time <= 400; time += 100) {
    folder_.Write("one.yaml", text += "more");
    EXPECT_EQ(LookAt(watcher, time), FileWatcher::kQuiet);
  }
  EXPECT_EQ(calls_, 0);
  LookAt(watcher, 499);  // 99 ms after the last change
  EXPECT_EQ(calls_, 0);
  LookAt(watcher, 500);
  EXPECT_EQ(calls_, 1);
}

TEST_F(FileWatcherTest, AWriterThatNeverFinishesIsNotWaitedFor) {
  FileWatcher watcher;
  WatchAll(watcher);
  std::string text;
  for (int time = 0; time <= 2000; time += 50) {
    folder_.Write("one.yaml", text += "more");
    LookAt(watcher, time);
    EXPECT_EQ(calls_, (time + 50) / 550) << time;  // each time 500 ms after the first change that was not told
  }
}

TEST_F(FileWatcherTest, WhatIsUndoneInTimeIsNoChange) {
  FileWatcher watcher;
  WatchAll(watcher);
  for (int time = 0; time < 3000; time += 300) {
    folder_.Write("one.yaml", "");  // an editor that truncates first
    EXPECT_EQ(LookAt(watcher, time), FileWatcher::kQuiet);
    folder_.Write("one.yaml", "1");
    EXPECT_EQ(LookAt(watcher, time + 99), FileWatcher::kInterval);
  }
  EXPECT_EQ(calls_, 0);
}

TEST_F(FileWatcherTest, WhatComesBackIsToldAgain) {
  FileWatcher watcher;
  WatchAll(watcher);
  for (int round = 0; round < 3; ++round) {
    fs::rename(folder_.Path("folder"), folder_.Path("away"));
    for (int i = 0; i < 10; ++i) LookAt(watcher, round * 10'000 + i * 100);
    EXPECT_EQ(calls_, 2 * round + 1);
    fs::rename(folder_.Path("away"), folder_.Path("folder"));
    for (int i = 0; i < 10; ++i) LookAt(watcher, round * 10'000 + 5'000 + i * 100);
    EXPECT_EQ(calls_, 2 * round + 2);
  }
}

TEST_F(FileWatcherTest, EachIsToldOfItsOwnFiles) {
  FileWatcher watcher;
  std::string told;
  watcher.Watch({folder_.Path("one.yaml")}, [&] { told += "1"; });
  watcher.Watch({folder_.Path("folder")}, [&] { told += "2"; });
  folder_.Write("folder/a.yaml", "new");
  LookAt(watcher, 0);
  folder_.Write("one.yaml", "new");
  EXPECT_EQ(LookAt(watcher, 100), FileWatcher::kQuiet);
  EXPECT_EQ(told, "2");
  LookAt(watcher, 200);
  EXPECT_EQ(told, "21");
}

TEST_F(FileWatcherTest, AChangeDuringTheCallIsToldNext) {
  FileWatcher watcher;
  watcher.Watch({folder_.Path("one.yaml")}, [&] {
    if (++calls_ == 1) folder_.Write("one.yaml", "3");
  });
  folder_.Write("one.yaml", "2");
  for (const int time : {0, 100, 350, 450, 700, 800}) LookAt(watcher, time);
  EXPECT_EQ(calls_, 2);
}

TEST_F(FileWatcherTest, LackOfDescriptorsSaysNothingAboutTheFiles) {
  FileWatcher watcher;
  WatchAll(watcher);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int lowest_free = dup(0);
  close(lowest_free);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(lowest_free), .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const bool is_lacking = open("/", O_RDONLY | O_CLOEXEC) < 0;
  for (int time = 0; time < 1000; time += 100) LookAt(watcher, time);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(is_lacking);
  LookAt(watcher, 1000);
  LookAt(watcher, 1100);
  EXPECT_EQ(calls_, 0);
}

// Two places say which files of a folder count; this keeps them together.
TEST(FileSnapshotTest, SeesTheFilesThatLoadPoliciesReads) {
  for (const char* name : {"b.yaml", "b.yml", "b.json", "b.txt", "b", "b.yaml~", "b.YAML", ".b.yaml", "..b.yml",
                           ".yaml", "b.yaml.swp", "more/b.yaml", "#b.yaml#", "b c.yaml"}) {
    SCOPED_TRACE(name);
    const TemporaryFolder folder;
    folder.Write("a.yaml", EmbeddedPolicyText());
    ASSERT_TRUE(LoadPolicies({folder.Path("")}).ok());
    const auto before = TakeSnapshot({folder.Path("")});
    folder.Write(name, "nonsense");
    const bool is_read = !LoadPolicies({folder.Path("")}).ok();
    EXPECT_EQ(TakeSnapshot({folder.Path("")}) != before, is_read);
  }
}

TEST_F(FileWatcherTest, TheThreadLooksByItself) {
  FileWatcher watcher;
  WatchAll(watcher);
  watcher.Start();
  for (int round = 1; round <= 3; ++round) {
    folder_.Swap(round % 2 == 1 ? "..2026_2" : "..2026_1", "mount/..data");
    EXPECT_TRUE(Eventually([&] { return calls_ == round; }));
  }
  watcher.Stop();
  folder_.Write("one.yaml", "2");
  watcher.Stop();
  EXPECT_EQ(calls_, 3);
}

TEST_F(FileWatcherTest, StopsWithoutHavingStartedAndWhileItCalls) {
  FileWatcher idle;
  idle.Start();  // nothing to watch: no thread
  idle.Stop();
  std::atomic<bool> is_called = false, is_done = false;
  {
    FileWatcher watcher;
    watcher.Watch({folder_.Path("one.yaml")}, [&] {
      is_called = true;
      std::this_thread::yield();
      is_done = true;
    });
    folder_.Write("one.yaml", "2");
    watcher.Start();
    EXPECT_TRUE(Eventually([&] { return is_called.load(); }));
  }
  EXPECT_TRUE(is_done);
}

}  // namespace
}  // namespace tidewaiter
