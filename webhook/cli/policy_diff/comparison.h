// SPDX-License-Identifier: Apache-2.0
//
// What two policy sets say to one workload, and where they differ. Tested by tests/integration/policy_diff_test.py.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "webhook/engine/explanation.h"

namespace tidewaiter {

// How one workload is decided differently; with nothing in it, it is not.
struct WorkloadDifference {
  std::string place;  // FILE:LINE, or the namespace of the cluster
  std::string title;  // "Deployment shop/web"
  std::string old_outcome, new_outcome;

  // "POLICY/CONTROL: MESSAGE" of what denies only under the new ones, or only under the old ones.
  std::vector<std::string> newly_denying, no_longer_denying;
  // The same place of the same control in another mode: "image-digest (spec...): warn -> enforce".
  std::vector<std::string> modes;
  // Further findings that do not deny, under one of the two only.
  std::vector<std::string> new_findings, gone_findings;
  // "spec.x=1", "spec.x: 1 -> 2".
  std::vector<std::string> injected, no_longer_injected, injected_otherwise;

  bool is_newly_denied = false;
  bool is_no_longer_denied = false;
  bool has_changed_injection() const {
    return !injected.empty() || !no_longer_injected.empty() || !injected_otherwise.empty();
  }
  bool is_different() const {
    return is_newly_denied || is_no_longer_denied || has_changed_injection() || !modes.empty() ||
           !newly_denying.empty() || !no_longer_denying.empty() || !new_findings.empty() || !gone_findings.empty();
  }
};

WorkloadDifference Compare(const Explanation& old_explanation, const Explanation& new_explanation);

}  // namespace tidewaiter
