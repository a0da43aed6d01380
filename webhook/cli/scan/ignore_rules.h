// SPDX-License-Identifier: Apache-2.0
//
// What `.tidewaiterignore` files leave out, in the patterns of gitignore(5). Tested by
// tests/cli/scan/ignore_rules_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidewaiter {

inline constexpr std::string_view kIgnoreFileName = ".tidewaiterignore";

class IgnoreRules {
 public:
  // Adds the lines of the ignore file that lies in `folder` ("" or "a/b"); they hold for what is below it, and win over
  // those that were added before. Blank lines and lines that begin with # say nothing.
  void Add(std::string_view folder, std::string_view text);
  // Drops the rules that were added last, down to `count`.
  void Truncate(std::size_t count) { rules_.resize(count); }
  std::size_t count() const { return rules_.size(); }

  // Whether `path`, relative to where the folders are relative to, is left out. What is below a folder that is left out
  // need not be asked for.
  bool Matches(std::string_view path, bool is_folder) const;

 private:
  struct Rule {
    std::string folder;                 // with a `/` at its end, or ""
    std::vector<std::string> segments;  // of the pattern, which fits the whole path below the folder
    bool is_negated = false;
    bool is_for_folders = false;
  };
  std::vector<Rule> rules_;
};

}  // namespace tidewaiter
