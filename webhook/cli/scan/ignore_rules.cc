// SPDX-License-Identifier: Apache-2.0
//
// Segment by segment: fnmatch(3) within one, `**` over any number of them.
#include "webhook/cli/scan/ignore_rules.h"

#include <fnmatch.h>

#include "absl/strings/str_split.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Segments = std::vector<std::string>;

// Backtracks to the last `**` only, so that the time is quadratic at worst.
bool SegmentsMatch(const Segments& pattern, const Segments& path) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = pattern.size();
  std::size_t star_path = 0;
  while (t < path.size()) {
    if (p < pattern.size() && pattern[p] == "**") {
      star = p++;
      star_path = t;
    } else if (p < pattern.size() && fnmatch(pattern[p].c_str(), path[t].c_str(), 0) == 0) {
      ++p;
      ++t;
    } else if (star < pattern.size()) {
      p = star + 1;
      t = ++star_path;
    } else {
      return false;
    }
  }
  // `a/**` is what is in a, and not a itself.
  return p == pattern.size();
}

}  // namespace

void IgnoreRules::Add(std::string_view folder, std::string_view text) {
  for (absl::string_view line : absl::StrSplit(ToAbsl(text), '\n')) {
    std::string pattern(line);
    if (pattern.ends_with('\r')) pattern.pop_back();
    // Blanks at the end count only behind a backslash.
    while (pattern.ends_with(' ') && !pattern.ends_with("\\ ")) pattern.pop_back();
    if (pattern.empty() || pattern.front() == '#') continue;
    Rule rule;
    rule.folder = folder.empty() ? "" : StrCat(folder, "/");
    if (pattern.front() == '!') {
      rule.is_negated = true;
      pattern.erase(0, 1);
    }
    if (pattern.ends_with('/')) {
      rule.is_for_folders = true;
      pattern.pop_back();
    }
    if (pattern.empty()) continue;
    // A slash at the beginning or in the middle ties it to the folder; without one it fits at any depth.
    const bool is_tied = pattern.find('/') != std::string::npos;
    if (pattern.front() == '/') pattern.erase(0, 1);
    rule.segments = absl::StrSplit(pattern, '/');
    if (!is_tied) rule.segments.insert(rule.segments.begin(), "**");
    rules_.push_back(std::move(rule));
  }
}

bool IgnoreRules::Matches(std::string_view path, bool is_folder) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (!path.starts_with(rule->folder) || (rule->is_for_folders && !is_folder)) continue;
    const Segments segments = absl::StrSplit(ToAbsl(path.substr(rule->folder.size())), '/');
    if (SegmentsMatch(rule->segments, segments)) return !rule->is_negated;
  }
  return false;
}

}  // namespace tidewaiter
