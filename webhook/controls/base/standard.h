// SPDX-License-Identifier: Apache-2.0
//
// The version of the Pod Security Standards that a control judges by, and how a policy's spec.podSecurity reaches the
// settings of its checks. Tested by tests/controls/standard_test.cc and, version by version, against
// k8s.io/pod-security-admission by tests/oracle.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "webhook/controls/base/settings_schema.h"

namespace tidewaiter {

// The newest version of the standard that is known here: v1.37.
inline constexpr int kNewestStandardMinor = 37;

// "latest" (the newest known here) or "v1.N" as its N. A version after the newest known one judges like that, as the
// upstream evaluator does. InvalidArgument for anything else.
absl::StatusOr<int> ParseStandardVersion(std::string_view text);

// What spec.podSecurity of the policy says; the defaults when it has none.
struct StandardContext {
  int minor = kNewestStandardMinor;  // judge as v1.<minor> does
  // The policy asks for the standard at a level and version that has this check: then a neighbouring check that is also
  // in the standard need not be repeated by this one.
  bool is_expanded = false;
  // spec.podSecurity.inject: the default of each check's own setting `inject`.
  bool inject = false;
};

// The settings of a check that only knows its version.
struct StandardSettings {
  int minor = kNewestStandardMinor;

  void ApplyStandard(const StandardContext& standard) { minor = standard.minor; }
  static const SettingsSchema<StandardSettings>& Schema();
};

// The settings of a check that can also set what is missing.
struct InjectingStandardSettings {
  bool inject = false;
  int minor = kNewestStandardMinor;

  void ApplyStandard(const StandardContext& standard) {
    inject = standard.inject;
    minor = standard.minor;
  }
  static const SettingsSchema<InjectingStandardSettings>& Schema();
};

}  // namespace tidewaiter
