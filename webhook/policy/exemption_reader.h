// SPDX-License-Identifier: Apache-2.0
//
// spec.exemptions as exemptions: the controls they name, and images in normal form. What could never take effect is
// refused. Tested by tests/policy/policy_loader_test.cc.
#pragma once

#include <vector>

#include "webhook/policy/controls_reader.h"
#include "webhook/policy/match.h"
#include "webhook/policy/policy_document.h"
#include "webhook/policy/policy_errors.h"

namespace tidewaiter {

// `list` is the node of spec.exemptions, which `documents` were read from.
std::vector<Exemption> ReadExemptions(const DocumentNode& list, const std::vector<ExemptionDocument>& documents,
                                      const PolicyControls& controls, PolicyErrors& errors);

}  // namespace tidewaiter
