// SPDX-License-Identifier: Apache-2.0
//
// Which lines each edit touches; those that lie near each other share a hunk.
#include "webhook/cli/fix/unified_diff.h"

#include <algorithm>
#include <cstdint>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::uint32_t kContext = 3;

// Lines that are replaced.
struct Region {
  std::uint32_t first = 1;
  std::uint32_t end = 1;  // behind the last one
  std::vector<TextEdit> edits;
};

std::uint32_t LineAt(const TextLines& lines, std::size_t offset) {
  std::uint32_t low = 1;
  std::uint32_t high = lines.count();
  while (low < high) {
    const std::uint32_t middle = low + (high - low + 1) / 2;
    (lines.BeginOf(middle) <= offset ? low : high) = lines.BeginOf(middle) <= offset ? middle : middle - 1;
  }
  return low;
}

std::vector<Region> FindRegions(const TextLines& lines, const std::vector<TextEdit>& edits) {
  std::vector<Region> regions;
  for (const TextEdit& edit : edits) {
    const std::size_t edit_end = edit.offset + edit.removed;
    const std::uint32_t first = LineAt(lines, edit.offset);
    const std::uint32_t last = LineAt(lines, edit_end);
    // What begins and ends between lines touches none of them.
    const bool has_rest = lines.BeginOf(last) != edit_end || (lines.BeginOf(first) != edit.offset) ||
                          (!edit.text.empty() && !edit.text.ends_with('\n'));
    const std::uint32_t end = has_rest ? last + 1 : last;
    if (!regions.empty() && first <= regions.back().end) {
      regions.back().end = std::max(regions.back().end, end);
    } else {
      regions.push_back({.first = first, .end = end, .edits = {}});
    }
    regions.back().edits.push_back(edit);
  }
  return regions;
}

class HunkWriter {
 public:
  explicit HunkWriter(const TextLines& lines) : lines_(lines), line_count_(lines.count()) {
    // Behind the last line break there is no line.
    if (line_count_ > 0 && lines.BeginOf(line_count_) == lines.text().size()) --line_count_;
  }

  std::string Write(const std::vector<Region>& regions) {
    for (std::size_t i = 0; i < regions.size();) {
      std::size_t next = i + 1;
      while (next < regions.size() && regions[next].first <= regions[next - 1].end + 2 * kContext) ++next;
      WriteHunk(regions, i, next);
      i = next;
    }
    return std::move(text_);
  }

 private:
  void WriteHunk(const std::vector<Region>& regions, std::size_t begin, std::size_t end) {
    body_.clear();
    old_count_ = new_count_ = 0;
    const std::uint32_t first = regions[begin].first > kContext ? regions[begin].first - kContext : 1;
    std::uint32_t line = first;
    for (std::size_t i = begin; i < end; ++i) {
      const Region& region = regions[i];
      for (; line < region.first; ++line) AddOld(' ', line);
      for (; line < std::min(region.end, line_count_ + 1); ++line) AddOld('-', line);
      AddNew(region);
    }
    const std::uint32_t last = std::min(line + kContext, line_count_ + 1);
    for (; line < last; ++line) AddOld(' ', line);
    const auto range = [](std::uint32_t from, std::size_t count) {
      return count == 1 ? StrCat(from) : StrCat(count == 0 ? from - 1 : from, ",", count);
    };
    StrAppend(&text_, "@@ -", range(first, old_count_), " +",
              range(static_cast<std::uint32_t>(static_cast<std::int64_t>(first) + shift_), new_count_), " @@\n", body_);
    shift_ += static_cast<std::int64_t>(new_count_) - static_cast<std::int64_t>(old_count_);
  }

  void AddOld(char sign, std::uint32_t line) {
    Add(sign, lines_.text().substr(lines_.BeginOf(line), lines_.EndOf(line) - lines_.BeginOf(line)));
    ++old_count_;
    if (sign == ' ') ++new_count_;
  }

  void AddNew(const Region& region) {
    const std::size_t begin = lines_.BeginOf(region.first);
    const std::size_t end = lines_.BeginOf(region.end);
    std::vector<TextEdit> edits = region.edits;
    for (TextEdit& edit : edits) edit.offset -= begin;
    const std::string after = ApplyEdits(lines_.text().substr(begin, end - begin), edits);
    for (std::size_t at = 0; at < after.size();) {
      const std::size_t next = std::min(after.find('\n', at), after.size() - 1) + 1;
      Add('+', std::string_view(after).substr(at, next - at));
      ++new_count_;
      at = next;
    }
  }

  void Add(char sign, std::string_view line) {
    StrAppend(&body_, std::string(1, sign), line, line.ends_with('\n') ? "" : "\n\\ No newline at end of file\n");
  }

  const TextLines& lines_;
  std::uint32_t line_count_;
  std::string text_;
  std::string body_;
  std::size_t old_count_ = 0;
  std::size_t new_count_ = 0;
  std::int64_t shift_ = 0;
};

}  // namespace

std::string DiffHunks(const TextLines& lines, const std::vector<TextEdit>& edits) {
  return HunkWriter(lines).Write(FindRegions(lines, edits));
}

std::string UnifiedDiff(std::string_view path, const TextLines& lines, const std::vector<TextEdit>& edits) {
  return edits.empty() ? "" : StrCat("--- ", path, "\n+++ ", path, "\n", DiffHunks(lines, edits));
}

}  // namespace tidewaiter
