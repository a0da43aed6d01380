// SPDX-License-Identifier: Apache-2.0
//
// What an editor changed, as a sparse tree over the original object: only touched places have a node, and each knows
// whether something stood there before. engine/json_patch.h turns it into RFC 6902 operations.
// Tested by tests/controls/editor_test.cc and tests/engine/json_patch_test.cc.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tidewaiter {

struct ChangeNode {
  // The tree is not wanted: this node stands for every place.
  bool is_ignored = false;
  // True when the original object has nothing (or null) here: the whole subtree is new.
  bool is_new = false;
  // A leaf's value as JSON text; empty for an object or array.
  std::string value;
  // Touched members of an object.
  std::map<std::string, ChangeNode, std::less<>> members;
  // Elements put behind the last one of an array, each as JSON text.
  std::vector<std::string> appended;
  // Indexes of the original array's elements that are taken away.
  std::vector<std::size_t> removed;

  // The node of member `key`, made when it is not there yet. `exists`: the original object has that member; ignored
  // when the node is there already.
  ChangeNode& Member(std::string_view key, bool exists);

  // The node at a JSON pointer below this one; everything on the way stood there before.
  ChangeNode& At(std::string_view pointer);

  bool is_untouched() const { return value.empty() && members.empty() && appended.empty() && removed.empty(); }
};

}  // namespace tidewaiter
