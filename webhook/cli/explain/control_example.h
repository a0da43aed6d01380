// SPDX-License-Identifier: Apache-2.0
//
// The example of a control, read from its file (controls/base/control_examples.h), and what the control itself says to
// it: messages and remedies are never written down, so they cannot go stale. Tested by
// tests/cli/explain/control_example_test.cc and, against the whole program, by tests/integration/explain_test.py.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "webhook/controls/base/control.h"
#include "webhook/policy/date.h"

namespace tidewaiter {

struct ControlExample {
  std::string why;       // a paragraph, on one line
  std::string settings;  // of the control, as YAML in one line: "{required: {team: []}}", or "{}"
  std::string denied;    // metadata and spec of a Pod that is denied, as YAML
  std::string allowed;   // of one that is allowed

  // What the control says to the Pod that is denied.
  Findings findings;
  std::vector<std::string> places;  // their field paths

  // A whole policy with the control alone.
  std::string PolicyText(const Control& control) const;
};

// `metadata` and `spec` as a whole Pod.
std::string PodManifest(std::string_view fragment);

// The lines of an exemption of the example's Pod from the control, as they stand below `spec:`.
std::string ExemptionText(const Control& control, Date until);

// Internal, naming what is wrong with the file: every control has a good one.
absl::StatusOr<ControlExample> LoadControlExample(const Control& control);

}  // namespace tidewaiter
