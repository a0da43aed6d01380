// SPDX-License-Identifier: Apache-2.0
//
// Puts a new text in the place of a file's, all of it or nothing. Tested by tests/cli/fix/file_writer_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tidewaiter {

// Writes a file beside it and moves that over it, so that nobody ever reads half of it; mode and, where that is
// allowed, owner stay. Of a link the file that it leads to is replaced. InvalidArgument, as `cannot be written: WHY`,
// also where the file may not be written to.
absl::Status ReplaceFile(const std::string& path, std::string_view text);

}  // namespace tidewaiter
