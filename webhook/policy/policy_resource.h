// SPDX-License-Identifier: Apache-2.0
//
// A PodPolicy as the API server keeps it: the same document as in a file, in JSON and with metadata that is not ours.
// policy_reader.h reads what comes of it. Tested by tests/policy/policy_resource_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "webhook/controls/base/document_node.h"
#include "webhook/kube/json.h"

namespace tidewaiter {

// A JSON value as a document, to be read as YAML is. Its places have no line: their errors begin with `source` and the
// key path. InvalidArgument when it has more values than kMaxDocumentNodes.
absl::StatusOr<DocumentNode> DocumentFromJson(JsonValue value, std::string_view source);

// What the reader looks at in a PodPolicy object: apiVersion, kind, metadata.name and spec; metadata otherwise and
// status are the API server's. Errors and findings name it `podpolicy/NAME`. InvalidArgument when it is no object or
// has no name.
absl::StatusOr<DocumentNode> PolicyDocumentOf(JsonValue object);

// Whether two documents say the same, wherever that is written and in whatever order their keys are.
bool SaySame(const DocumentNode& a, const DocumentNode& b);

}  // namespace tidewaiter
