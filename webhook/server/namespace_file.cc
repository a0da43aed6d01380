// SPDX-License-Identifier: Apache-2.0
//
// A pointer that is swapped: who is in the midst of asking goes on with what it has.
#include "webhook/server/namespace_file.h"

#include <utility>

namespace tidewaiter {

absl::Status NamespaceFile::Read() {
  absl::StatusOr<std::shared_ptr<const FixedNamespaces>> read = FixedNamespaces::Load(path_);
  if (!read.ok()) return read.status();
  const std::lock_guard lock(mutex_);
  current_ = *std::move(read);
  return absl::OkStatus();
}

std::shared_ptr<const FixedNamespaces> NamespaceFile::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace tidewaiter
