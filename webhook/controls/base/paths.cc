// SPDX-License-Identifier: Apache-2.0
//
// Paths: normalised, compared, turned into names.
#include "webhook/controls/base/paths.h"

#include <cstdint>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/stable_hash.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kPipePrefix = R"(\\.\pipe\)";
constexpr std::string_view kNormalPipePrefix = "//./pipe/";

// As the runtime cleans a path (Go path.Clean): `.` is nowhere, `..` is one up and never above the root.
std::vector<absl::string_view> CleanSegments(std::string_view path) {
  std::vector<absl::string_view> segments;
  for (const absl::string_view segment : absl::StrSplit(ToAbsl(path), '/', absl::SkipEmpty())) {
    if (segment == ".") continue;
    if (segment != "..") {
      segments.push_back(segment);
    } else if (!segments.empty()) {
      segments.pop_back();
    }
  }
  return segments;
}

// Without cleaning.
std::vector<absl::string_view> Segments(std::string_view path) {
  return absl::StrSplit(ToAbsl(path), '/', absl::SkipEmpty());
}

}  // namespace

bool IsSameOrBelow(std::string_view path, std::string_view directory) {
  const auto inner = CleanSegments(path);
  const auto outer = CleanSegments(directory);
  return outer.size() <= inner.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

absl::Status CheckMountPaths(const std::vector<std::string>& paths) {
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    const auto segments = Segments(path);
    if (path.empty() || path.front() != '/') return InvalidArgument(StrCat(Quoted(path), " is not an absolute path"));
    if (segments.empty()) return InvalidArgument("\"/\" is the root file system itself");
    if (path.find(':') != std::string::npos) {
      return InvalidArgument(StrCat(Quoted(path), " holds ':', which a mountPath may not"));
    }
    for (const absl::string_view segment : segments) {
      if (segment == "." || segment == "..") {
        return InvalidArgument(StrCat(Quoted(path), " holds the segment ", FromAbsl(segment)));
      }
    }
    if (segments.front() == "proc" || segments.front() == "sys" || segments.front() == "dev") {
      return InvalidArgument(StrCat(Quoted(path), " is the kernel's: an empty directory there breaks every container"));
    }
    if (!seen.insert(absl::StrJoin(segments, "/")).second) {
      return InvalidArgument(StrCat(Quoted(path), " is given twice"));
    }
  }
  return absl::OkStatus();
}

std::string NormalNodePath(std::string_view path) {
  if (path.starts_with(kPipePrefix) || path.starts_with(kNormalPipePrefix)) {
    return StrCat(kNormalPipePrefix, absl::AsciiStrToLower(ToAbsl(path.substr(kPipePrefix.size()))));
  }
  std::vector<absl::string_view> kept = CleanSegments(path);
  if (kept.size() >= 2 && kept[0] == "var" && kept[1] == "run") kept.erase(kept.begin());
  return StrCat("/", absl::StrJoin(kept, "/"));
}

absl::Status CheckNodePaths(const std::vector<std::string>& paths) {
  if (paths.empty()) return InvalidArgument("must hold at least one path");
  for (const std::string& path : paths) {
    if (!path.starts_with('/') && !path.starts_with(kPipePrefix)) {
      return InvalidArgument(StrCat(Quoted(path), " is not an absolute path"));
    }
  }
  return absl::OkStatus();
}

std::string VolumeNameFor(std::string_view container, std::string_view path) {
  constexpr std::size_t kMaxLength = 58;
  std::string name = StrCat("writable-", container);
  for (const absl::string_view segment : Segments(path)) StrAppend(&name, "-", segment);
  const std::string exact = name;
  bool is_exact = true;
  for (char& c : name) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c))) {
      c = absl::ascii_tolower(static_cast<unsigned char>(c));
      is_exact = false;
    } else if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-') {
      c = '-';
      is_exact = false;
    }
  }
  while (name.back() == '-') name.pop_back();
  if (is_exact && name.size() <= kMaxLength) return name;
  const std::string hash = StrCat("-", absl::Hex(StableHash(exact) & 0xffffffffu, absl::kZeroPad8));
  return name.substr(0, kMaxLength - hash.size()) + hash;
}

}  // namespace tidewaiter
