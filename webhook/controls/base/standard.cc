// SPDX-License-Identifier: Apache-2.0
//
// Versions of the standard, and which checks a level has.
#include "webhook/controls/base/standard.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "webhook/controls/base/control.h"
#include "webhook/kube/quoted.h"

namespace tidewaiter {

absl::StatusOr<int> ParseStandardVersion(std::string_view text) {
  if (text == "latest") return kNewestStandardMinor;
  const std::string_view digits = text.starts_with("v1.") ? text.substr(3) : std::string_view();
  int minor = 0;
  const bool is_number = !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos &&
                         (digits.size() == 1 || digits.front() != '0') && absl::SimpleAtoi(ToAbsl(digits), &minor);
  if (!is_number)
    return InvalidArgument(StrCat(Quoted(text), " is no version: expected latest, or v1.N such as v1.34"));
  return std::min(minor, kNewestStandardMinor);
}

const SettingsSchema<StandardSettings>& StandardSettings::Schema() {
  static const SettingsSchema<StandardSettings> schema = {};
  return schema;
}

const SettingsSchema<InjectingStandardSettings>& InjectingStandardSettings::Schema() {
  using S = InjectingStandardSettings;
  static const SettingsSchema<S> schema = {{"inject", &S::inject, "set what is missing (see Injects)"}};
  return schema;
}

std::vector<const Control*> StandardControls(std::string_view level, int minor) {
  std::vector<const Control*> controls;
  for (const Control* control : AllControls()) {
    const bool is_in_level = control->info.level == "baseline" || control->info.level == level;
    if (is_in_level && control->info.level != "recommended" && control->info.since_minor <= minor) {
      controls.push_back(control);
    }
  }
  const std::vector<const Control*> all = controls;
  std::erase_if(controls, [&](const Control* control) {
    return std::any_of(all.begin(), all.end(), [&](const Control* other) {
      const auto& overrides = other->info.overrides;
      return std::find(overrides.begin(), overrides.end(), control->info.id) != overrides.end();
    });
  });
  return controls;
}

}  // namespace tidewaiter
