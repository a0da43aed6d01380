// SPDX-License-Identifier: Apache-2.0
//
// The tree's two ways down: by member, and by pointer through what exists.
#include "webhook/controls/base/change_tree.h"

namespace tidewaiter {

ChangeNode& ChangeNode::Member(std::string_view key, bool exists) {
  if (is_ignored) return *this;
  auto found = members.find(key);
  if (found == members.end()) {
    found = members.emplace(std::string(key), ChangeNode{}).first;
    found->second.is_new = !exists;
  }
  return found->second;
}

ChangeNode& ChangeNode::At(std::string_view pointer) {
  if (is_ignored) return *this;
  ChangeNode* node = this;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    node = &node->Member(token, true);
    pointer.remove_prefix(token.size());
  }
  return *node;
}

}  // namespace tidewaiter
