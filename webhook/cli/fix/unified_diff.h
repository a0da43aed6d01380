// SPDX-License-Identifier: Apache-2.0
//
// Edits of a text as a unified diff, made from the edits themselves: nothing has to be compared. Tested by
// tests/cli/fix/unified_diff_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "webhook/manifest/text_edits.h"
#include "webhook/manifest/text_lines.h"

namespace tidewaiter {

// The hunks, each with up to three lines before and behind. `edits` are sorted; "" when there are none.
std::string DiffHunks(const TextLines& lines, const std::vector<TextEdit>& edits);

// The same with the two lines that name the file, as `patch -p0` takes it.
std::string UnifiedDiff(std::string_view path, const TextLines& lines, const std::vector<TextEdit>& edits);

}  // namespace tidewaiter
