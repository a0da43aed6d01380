// SPDX-License-Identifier: Apache-2.0
//
// The three modes a policy or a control can be in. Tested by tests/policy/policy_loader_test.cc.
#pragma once

#include <optional>
#include <string_view>

namespace tidewaiter {

// Only kEnforce denies or patches. kWarn tells the user, kAudit only the audit log, metrics and our log.
enum class Mode { kEnforce, kWarn, kAudit };

// "enforce", "warn", "audit".
constexpr std::string_view ModeName(Mode mode) {
  switch (mode) {
    case Mode::kEnforce:
      return "enforce";
    case Mode::kWarn:
      return "warn";
    case Mode::kAudit:
      return "audit";
  }
  return "";
}

// The mode of that name, or nullopt.
constexpr std::optional<Mode> ModeFromName(std::string_view name) {
  for (Mode mode : {Mode::kEnforce, Mode::kWarn, Mode::kAudit}) {
    if (ModeName(mode) == name) return mode;
  }
  return std::nullopt;
}

}  // namespace tidewaiter
