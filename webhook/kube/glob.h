// SPDX-License-Identifier: Apache-2.0
//
// Globs: the patterns of policies for names, namespaces and images. Not a file-system glob: '*' crosses '/' and '.',
// and there are no classes, braces or escapes. Tested by tests/kube/glob_test.cc.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace tidewaiter {

// The characters of a pattern that do not stand for themselves.
inline constexpr std::string_view kGlobWildcards = "*?";

// True when the whole of `text` fits `pattern`: '*' stands for any run of characters, also none, '?' for exactly one
// (UTF-8) character, everything else for itself, case and all. Allocates nothing; the time is at most proportional to
// pattern size times text size, whatever the pattern. An empty pattern fits only an empty text.
bool GlobMatches(std::string_view pattern, std::string_view text);

// InvalidArgument when a pattern cannot be meant: empty, or with white space or a control character in it.
absl::Status ValidateGlob(std::string_view pattern);

}  // namespace tidewaiter
