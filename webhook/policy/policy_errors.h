// SPDX-License-Identifier: Apache-2.0
//
// Everything that is wrong with some documents, one line each, so that one run shows it all. Tested by
// tests/policy/policy_loader_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tidewaiter {

// Collects the lines of several errors; the first hundred in full, the rest as a count.
class PolicyErrors {
 public:
  static constexpr std::size_t kMostLines = 100;

  void Add(std::string_view line);
  // Whether it was an error.
  bool Take(const absl::Status& status);
  bool is_empty() const { return count_ == 0; }
  // Further lines are only counted: nothing needs to be worked out for their text.
  bool is_full() const { return count_ >= kMostLines; }
  std::size_t count() const { return count_; }
  absl::Status ToStatus() const;

 private:
  std::string text_;
  std::size_t count_ = 0;
};

}  // namespace tidewaiter
