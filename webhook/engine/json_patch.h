// SPDX-License-Identifier: Apache-2.0
//
// Recorded changes become an RFC 6902 patch. A missing parent is added once, with everything new inside it;
// elements are removed after all else, the last one first, so that every pointer means what it meant in the original.
// Tested by tests/engine/json_patch_test.cc and, with an independent RFC 6902 implementation over all fixtures, by
// tests/engine/invariants_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "webhook/controls/base/change_tree.h"

namespace tidewaiter {

// The patch as JSON text, or "" when the tree holds no change. `root` is the JSON pointer of the Pod in its object, ""
// for a Pod itself.
std::string BuildJsonPatch(const ChangeNode& tree, std::string_view root);

}  // namespace tidewaiter
