// SPDX-License-Identifier: Apache-2.0
//
// Why a control is worth having, and a Pod that it denies and one that it allows: webhook/controls/examples/ID.yaml,
// compiled in as text; cli/explain/control_example.h reads it. Tested by tests/cli/explain/control_example_test.cc.
#pragma once

#include <string_view>

namespace tidewaiter {

// The text of the file, or "" when the control of that id has none.
std::string_view ControlExampleText(std::string_view id);

}  // namespace tidewaiter
