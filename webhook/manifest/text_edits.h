// SPDX-License-Identifier: Apache-2.0
//
// Changes of a text as data, so that they can be chosen from, shown and made. Tested by
// tests/manifest/manifest_editor_test.cc.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace tidewaiter {

// Takes `removed` bytes out at `offset` and puts `text` there.
struct TextEdit {
  std::size_t offset = 0;
  std::size_t removed = 0;
  std::string text;
  // Of several at one place the one for the deeper node comes first, and before them what goes on with the line.
  std::size_t depth = kSameLine;

  static constexpr std::size_t kSameLine = std::numeric_limits<std::size_t>::max();
};

// As they stand in the text; of equal ones the one that was planned first.
void SortEdits(std::vector<TextEdit>& edits);

// The text with `edits`, which are sorted and do not overlap.
std::string ApplyEdits(std::string_view text, const std::vector<TextEdit>& edits);

}  // namespace tidewaiter
