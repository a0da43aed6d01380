// SPDX-License-Identifier: Apache-2.0
//
// Three small files and one folder, read at each scrape.
#include "webhook/server/process_usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// Fields of /proc/PID/stat, counted as proc(5) does; those after the name, which may hold anything, begin with 3.
constexpr std::size_t kFirstAfterName = 3;
constexpr std::size_t kUserTime = 14, kSystemTime = 15, kThreadCount = 20, kStartTime = 22, kVirtualBytes = 23,
                      kResidentPages = 24;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return absl::NotFoundError(ToAbsl(StrCat(path, ": cannot be read")));
  return text.str();
}

absl::Status Unexpected(const std::string& path) {
  return absl::InternalError(ToAbsl(StrCat(path, ": not as proc(5) says")));
}

absl::Status ReadStat(const std::string& path, ProcessUsage& usage, double& start_since_boot) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  const std::size_t name_end = text->rfind(')');
  if (name_end == std::string::npos) return Unexpected(path);
  const std::vector<std::string> fields =
      absl::StrSplit(ToAbsl(std::string_view(*text).substr(name_end + 1)), absl::ByAnyChar(" \n"), absl::SkipEmpty());
  const auto number = [&](std::size_t field, std::uint64_t& value) {
    const std::size_t index = field - kFirstAfterName;
    return index < fields.size() && absl::SimpleAtoi(fields[index], &value);
  };
  std::uint64_t user = 0, system = 0, start = 0, pages = 0;
  if (!number(kUserTime, user) || !number(kSystemTime, system) || !number(kThreadCount, usage.threads) ||
      !number(kStartTime, start) || !number(kVirtualBytes, usage.virtual_bytes) || !number(kResidentPages, pages)) {
    return Unexpected(path);
  }
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  usage.cpu_seconds = static_cast<double>(user + system) / ticks;
  usage.resident_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  start_since_boot = static_cast<double>(start) / ticks;
  return absl::OkStatus();
}

// The number after `key` at the begin of a line, as text.
absl::StatusOr<std::string> FindValue(const std::string& path, std::string_view key) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(*text, '\n'))) {
    if (!line.starts_with(key)) continue;
    const std::vector<std::string> words = absl::StrSplit(line.substr(key.size()), ' ', absl::SkipEmpty());
    if (!words.empty()) return words.front();
  }
  return Unexpected(path);
}

}  // namespace

absl::StatusOr<ProcessUsage> ReadProcessUsage(const std::string& proc) {
  ProcessUsage usage;
  double start_since_boot = 0;
  if (absl::Status status = ReadStat(proc + "/self/stat", usage, start_since_boot); !status.ok()) return status;
  const absl::StatusOr<std::string> boot = FindValue(proc + "/stat", "btime ");
  if (!boot.ok()) return boot.status();
  if (!absl::SimpleAtod(*boot, &usage.start_time_seconds)) return Unexpected(proc + "/stat");
  usage.start_time_seconds += start_since_boot;
  const absl::StatusOr<std::string> limit = FindValue(proc + "/self/limits", "Max open files ");
  if (!limit.ok()) return limit.status();
  if (*limit == "unlimited") {
    usage.most_files = std::numeric_limits<double>::infinity();
  } else if (!absl::SimpleAtod(*limit, &usage.most_files)) {
    return Unexpected(proc + "/self/limits");
  }
  std::error_code error;
  std::filesystem::directory_iterator descriptors(proc + "/self/fd", error), end;
  if (error) return absl::NotFoundError(ToAbsl(StrCat(proc, "/self/fd: cannot be read")));
  for (; descriptors != end; descriptors.increment(error)) ++usage.open_files;
  return usage;
}

}  // namespace tidewaiter
