// SPDX-License-Identifier: Apache-2.0
//
// Lines, up to a bound.
#include "webhook/policy/policy_errors.h"

#include "webhook/kube/text.h"

namespace tidewaiter {

void PolicyErrors::Add(std::string_view line) {
  if (++count_ <= kMostLines) StrAppend(&text_, text_.empty() ? "" : "\n", line);
}

bool PolicyErrors::Take(const absl::Status& status) {
  if (!status.ok()) Add(MessageOf(status));
  return !status.ok();
}

absl::Status PolicyErrors::ToStatus() const {
  if (count_ <= kMostLines) return InvalidArgument(text_);
  return InvalidArgument(StrCat(text_, "\nand ", count_ - kMostLines, " more errors"));
}

}  // namespace tidewaiter
