// SPDX-License-Identifier: Apache-2.0
//
// How far a look at a cluster has come, as a bar on a terminal; elsewhere nothing. Tested by
// tests/cluster/scan_cluster_test.py.
#pragma once

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <string>

namespace tidewaiter {

class ClusterProgress {
 public:
  // Writes to `out` when that is a terminal.
  ClusterProgress(std::ostream& out, bool is_terminal) : out_(out), is_terminal_(is_terminal) {}
  ~ClusterProgress() { Clear(); }
  ClusterProgress(const ClusterProgress&) = delete;
  ClusterProgress& operator=(const ClusterProgress&) = delete;

  bool is_shown() const { return is_terminal_; }
  // The next list begins; `total` objects are expected, 0 when that is not known.
  void Begin(std::string what, std::size_t total);
  void Step();
  // Takes the bar off the screen.
  void Clear();

 private:
  void Draw();

  std::ostream& out_;
  const bool is_terminal_;
  std::string what_;
  std::size_t total_ = 0, done_ = 0;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace tidewaiter
