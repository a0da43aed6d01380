// SPDX-License-Identifier: Apache-2.0
//
// Where a key of a policy was written: the files are read once more for it, so that policies in force need not carry
// their text. Tested by tests/integration/explain_test.py.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "webhook/controls/base/document_node.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

class PolicyPlaces {
 public:
  // Of the policies that LoadPolicies read; what cannot be read any more has no lines.
  explicit PolicyPlaces(const PolicySet& policies);

  // `FILE:LINE` of `key` ("spec.match.namespaces.exclude[0]"), or of the deepest part of it that was written; the
  // policy's own place for "".
  std::string PlaceOf(const Policy& policy, std::string_view key) const;

  // The key that makes the policy apply a control: its own, or that of the standard that holds it.
  std::string KeyOf(const Policy& policy, const Control& control) const;

 private:
  std::map<std::string, DocumentNode, std::less<>> documents_;  // by the policy's name
};

}  // namespace tidewaiter
