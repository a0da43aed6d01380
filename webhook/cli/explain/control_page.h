// SPDX-License-Identifier: Apache-2.0
//
// Everything about one control: why, what it looks at, an example, its settings, how to exempt a workload, and how the
// policies at hand apply it. Tested by tests/integration/explain_test.py.
#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>

#include "webhook/cli/explain/control_example.h"
#include "webhook/cli/explain/policy_places.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

struct ControlPage {
  const Control& control;
  const ControlExample& example;
  const PolicySet& policies;
  const PolicyPlaces& places;
  Date until;  // when the exemption that it shows ends
};

void WriteControlText(const ControlPage& page, bool has_colours, std::ostream& out);
nlohmann::ordered_json ControlJson(const ControlPage& page);

}  // namespace tidewaiter
