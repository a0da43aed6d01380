// SPDX-License-Identifier: Apache-2.0
//
// YAML text as DocumentNodes, with the place of every node. Types as in the YAML 1.2 core schema: a plain `true` is a
// boolean, a quoted one a string. Aliases are refused: our documents need none, and they are how YAML bombs are made.
// Tested by tests/policy/yaml_document_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/controls/base/document_node.h"

namespace tidewaiter {

// Bounds of one text: a policy of a thousand exemptions stays far below each.
inline constexpr std::size_t kMaxDocumentBytes = 4u << 20;
inline constexpr std::size_t kMaxDocumentNodes = 200'000;
inline constexpr int kMaxDocumentDepth = 64;

// The documents of `text`, separated by `---`; empty ones are left out. InvalidArgument, as `FILE:LINE:COLUMN: ...`,
// for a syntax error, an alias, a merge key, a key that is no scalar or is given twice, and texts beyond the bounds.
absl::StatusOr<std::vector<DocumentNode>> ParseYaml(std::string_view text, std::string_view file);

}  // namespace tidewaiter
