// SPDX-License-Identifier: Apache-2.0
//
// From the beginning to the end, once.
#include "webhook/manifest/text_edits.h"

#include <algorithm>

namespace tidewaiter {

void SortEdits(std::vector<TextEdit>& edits) {
  std::stable_sort(edits.begin(), edits.end(), [](const TextEdit& a, const TextEdit& b) {
    return a.offset != b.offset ? a.offset < b.offset : a.depth > b.depth;
  });
}

std::string ApplyEdits(std::string_view text, const std::vector<TextEdit>& edits) {
  std::string edited;
  std::size_t copied = 0;
  for (const TextEdit& edit : edits) {
    edited.append(text.substr(copied, edit.offset - copied)).append(edit.text);
    copied = edit.offset + edit.removed;
  }
  return edited.append(text.substr(copied));
}

}  // namespace tidewaiter
