// SPDX-License-Identifier: Apache-2.0
//
// What `controls --markdown` and `explain` say alike about a control, made from the control itself. Tested by
// tests/integration/explain_test.py; ./dev lint compares docs/controls.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "webhook/controls/base/control.h"

namespace tidewaiter {

// From which version on the Pod Security Standards have the check, in parentheses; "" for a control of our own.
std::string SinceText(const ControlInfo& info);

// The ids of the controls that take its place.
std::vector<std::string_view> OverriddenBy(std::string_view id);

struct SettingLine {
  std::string key;           // "require.requests"
  std::string type;          // "list of strings"
  std::string default_text;  // "" when nothing is set
  std::string help;          // with the values that it may have
};
// The settings and, behind each, those within it.
std::vector<SettingLine> SettingLines(const SchemaDescription& settings);

}  // namespace tidewaiter
