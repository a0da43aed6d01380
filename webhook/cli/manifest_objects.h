// SPDX-License-Identifier: Apache-2.0
//
// The objects of a manifest, one by one: documents, and the items of lists, typed or not. Knows no workload from
// another. Tested by tests/integration/explain_test.py and tests/integration/policy_test_test.py.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "webhook/kube/workload.h"
#include "webhook/manifest/manifest_document.h"
#include "webhook/manifest/manifest_reader.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// Of `apiVersion` and `kind`; views into the two.
GroupVersionKind KindOf(std::string_view api_version, std::string_view kind);

// Valid during the call that it is given to.
struct ManifestObject {
  const ManifestDocument& document;
  NodeId node;
  GroupVersionKind kind;  // the item of a typed list has its list's

  // metadata.KEY as it was written, or "".
  std::string_view Metadata(std::string_view key) const;
};

// Calls `visit` for the object that a document is or, when it is a list, for each of its items; the items of a typed
// list need not say what they are. `fail` for lists in lists in lists, deeper than any manifest has them.
void ForEachObjectOf(const ManifestDocument& document, const std::function<void(const ManifestObject&)>& visit,
                     const std::function<void(SourceMark, std::string_view)>& fail);
// The same for each document of the text, and `fail` for each thing that cannot be read.
void ForEachManifestObject(std::string_view text, bool is_json, const std::function<void(const ManifestObject&)>& visit,
                           const std::function<void(SourceMark, std::string_view)>& fail);

// Whether objects of that kind are judged: a built-in workload, or one that a row of spec.workloads tells of.
bool IsJudgedKind(const GroupVersionKind& kind, const PolicySet& policies);

}  // namespace tidewaiter
