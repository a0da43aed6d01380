// SPDX-License-Identifier: Apache-2.0
//
// The requests that a file stands for: a saved AdmissionReview is one, a workload in a manifest becomes the one that
// creates it. Tested by tests/integration/explain_test.py.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/cli/manifest_objects.h"
#include "webhook/kube/admission_review.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// The end of the problem of a text that holds nothing to judge.
inline constexpr std::string_view kHoldsNoObject = ": holds no AdmissionReview and no workload";

// Valid during the call that it is given to.
struct SourceObject {
  std::string_view file;
  bool is_review = false;
  const ManifestDocument& document;
  NodeId node;  // of the object itself; kNoNode when the review has none
  const AdmissionRequest& request;
  const std::string& object_json;  // "" for none

  // Line of the field at `pointer` from the object's root, or of where it would be; 0 for none.
  std::uint32_t LineOf(std::string_view pointer) const;
};

// Calls `visit` for each review and each workload of the text. Objects without a namespace are ones of
// `default_namespace`. Returns problems as `FILE:LINE:COLUMN: MESSAGE`.
std::vector<std::string> ForEachSourceObject(std::string_view file, std::string_view text, const PolicySet& policies,
                                             const std::string& default_namespace,
                                             const std::function<void(const SourceObject&)>& visit);

}  // namespace tidewaiter
