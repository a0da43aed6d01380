// SPDX-License-Identifier: Apache-2.0
//
// Drawn ten times a second at most: a terminal over a slow line must not hold the scan up.
#include "webhook/cli/cluster_progress.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "webhook/kube/text.h"

namespace tidewaiter {

void ClusterProgress::Begin(std::string what, std::size_t total) {
  what_ = std::move(what);
  total_ = total;
  done_ = 0;
  last_ = {};
  Draw();
}

void ClusterProgress::Step() {
  ++done_;
  Draw();
}

void ClusterProgress::Draw() {
  constexpr std::size_t kWidth = 30;
  const auto now = std::chrono::steady_clock::now();
  if (!is_terminal_ || now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  is_drawn_ = true;
  const std::size_t total = std::max(total_, done_);
  const std::size_t filled = total == 0 ? 0 : kWidth * done_ / total;
  out_ << "\r\033[K[" << std::string(filled, '#') << std::string(kWidth - filled, '.') << "] " << what_ << " " << done_;
  if (total_ > 0) out_ << " of " << total;
  out_ << std::flush;
}

void ClusterProgress::Clear() {
  if (is_drawn_) out_ << "\r\033[K" << std::flush;
  is_drawn_ = false;
}

}  // namespace tidewaiter
