// SPDX-License-Identifier: Apache-2.0
//
// Files as the kernel writes them, and files as it does not. tests/server/metrics_test.cc reads the real ones.
#include "webhook/server/process_usage.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "tests/testing/temporary_folder.h"

namespace tidewaiter {
namespace {

// A process that calls itself "a ) b", which must not confuse the fields.
constexpr char kStat[] =
    "42 (a ) b) S 1 42 42 0 -1 4194304 900 0 0 0 250 150 0 0 20 0 7 0 12345 104857600 512 18446744073709551615 1 1 0\n";
constexpr char kLimits[] =
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max cpu time              unlimited            unlimited            seconds   \n"
    "Max open files            1024                 524288               files     \n";

class ProcessUsageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("self/stat", kStat);
    folder_.Write("self/limits", kLimits);
    folder_.Write("stat", "cpu  1 2 3\nbtime 1700000000\nprocesses 9\n");
    for (const char* number : {"0", "1", "2", "7"}) folder_.Write(std::string("self/fd/") + number, "");
  }
  absl::StatusOr<ProcessUsage> Read() const { return ReadProcessUsage(folder_.Path("")); }
  const TemporaryFolder folder_;
};

TEST_F(ProcessUsageTest, EveryField) {
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const absl::StatusOr<ProcessUsage> usage = Read();
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_DOUBLE_EQ(usage->cpu_seconds, 400 / ticks);
  EXPECT_DOUBLE_EQ(usage->start_time_seconds, 1700000000 + 12345 / ticks);
  EXPECT_EQ(usage->resident_bytes, 512u * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(usage->virtual_bytes, 104857600u);
  EXPECT_EQ(usage->threads, 7u);
  EXPECT_EQ(usage->open_files, 4u);
  EXPECT_EQ(usage->most_files, 1024);
}

TEST_F(ProcessUsageTest, NoLimitIsInfinite) {
  folder_.Write("self/limits", "Max open files            unlimited            unlimited            files\n");
  EXPECT_TRUE(std::isinf(Read()->most_files));
}

TEST_F(ProcessUsageTest, WhatIsNotAsTheKernelWritesIt) {
  const struct {
    const char *file, *text, *usual;
  } cases[] = {
      {"self/stat", "", kStat},
      {"self/stat", "42 (a) S 1 2 3\n", kStat},
      {"self/stat", "42 (a) S 1 42 42 0 -1 4 9 0 0 0 x y 0 0 20 0 7 0 12345 1 5\n", kStat},
      {"self/limits", "Max cpu time 1\n", kLimits},
      {"self/limits", "Max open files            many\n", kLimits},
      {"stat", "cpu 1\n", "btime 1\n"},
      {"stat", "btime soon\n", "btime 1\n"},
  };
  for (const auto& each : cases) {
    folder_.Write(each.file, each.text);
    EXPECT_EQ(Read().status().code(), absl::StatusCode::kInternal) << each.file << ": " << each.text;
    folder_.Write(each.file, each.usual);
  }
  EXPECT_TRUE(Read().ok());
  EXPECT_EQ(ReadProcessUsage(folder_.Path("nowhere")).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tidewaiter
