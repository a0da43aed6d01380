// SPDX-License-Identifier: Apache-2.0
//
// What a YAML scalar is in Kubernetes: the types that sigs.k8s.io/yaml gives, which are those of YAML 1.1 as go-yaml v2
// reads it, and its numbers as encoding/json writes them. Compared with both by tests/oracle; tested by
// tests/manifest/yaml_scalar_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "webhook/manifest/manifest_document.h"

namespace tidewaiter {

struct YamlScalar {
  NodeKind kind = NodeKind::kNull;
  std::string text;  // of a string itself; of anything else as JSON
};

// A scalar with that tag ("" for none). `is_plain`: neither quoted nor a block, or tagged `!`. InvalidArgument, without
// a place, when the text is not what its tag says or is a number that JSON does not have (infinity).
absl::StatusOr<YamlScalar> ResolveScalar(std::string_view tag, std::string_view text, bool is_plain);

// The same for a key, as the string that it becomes. InvalidArgument for null, and for an integer of more than 63 bits,
// which Kubernetes refuses.
absl::StatusOr<std::string> ResolveKey(std::string_view tag, std::string_view text, bool is_plain);

}  // namespace tidewaiter
