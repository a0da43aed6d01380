// SPDX-License-Identifier: Apache-2.0
//
// The log: one JSON object a line on standard error. Tested by tests/server/log_test.cc.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "webhook/engine/decision.h"

namespace tidewaiter {

enum class LogLevel { kError, kWarn, kInfo, kDebug };

// "error", "warn", "info", "debug"; nullopt for any other name.
std::optional<LogLevel> LogLevelFromName(std::string_view name);

// Thread safe: each line is one write(2). A line that cannot be written is lost: the log never stops admission.
class Log {
 public:
  // Writes lines of `level` and graver ones to `descriptor`.
  explicit Log(LogLevel level, int descriptor = 2) : level_(level), descriptor_(descriptor) {}

  // A message with fields, all strings.
  void Write(LogLevel level, std::string_view message,
             const std::vector<std::pair<std::string_view, std::string>>& fields = {}) const;

  // One decision: errors at error, denials and refusals at warn, patches and warnings at info, the rest at debug.
  void WriteDecision(const Decision& decision, std::chrono::nanoseconds duration) const;

 private:
  const LogLevel level_;
  const int descriptor_;
};

}  // namespace tidewaiter
