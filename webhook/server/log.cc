// SPDX-License-Identifier: Apache-2.0
//
// Lines are built whole and written at once; invalid UTF-8 of a hostile object is replaced, never thrown on.
#include "webhook/server/log.h"

#include <unistd.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "absl/time/time.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<LogLevel, std::string_view> kLevels[] = {
    {LogLevel::kError, "error"}, {LogLevel::kWarn, "warn"}, {LogLevel::kInfo, "info"}, {LogLevel::kDebug, "debug"}};

std::string_view LevelName(LogLevel level) { return kLevels[static_cast<std::size_t>(level)].second; }

// RFC 3339 with milliseconds, UTC.
std::string Now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::TimeFromTimespec(now), absl::UTCTimeZone());
}

Json NewLine(LogLevel level, std::string_view message) {
  return {{"time", Now()}, {"level", LevelName(level)}, {"msg", message}};
}

void WriteLine(int descriptor, const Json& line) {
  const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  [[maybe_unused]] const ssize_t written = write(descriptor, text.data(), text.size());
}

LogLevel LevelOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kError:
      return LogLevel::kError;
    case Outcome::kDeny:
    case Outcome::kRefuse:
      return LogLevel::kWarn;
    case Outcome::kWarn:
    case Outcome::kPatch:
      return LogLevel::kInfo;
    case Outcome::kAllow:
      break;
  }
  return LogLevel::kDebug;
}

}  // namespace

std::optional<LogLevel> LogLevelFromName(std::string_view name) {
  for (const auto& [level, level_name] : kLevels) {
    if (level_name == name) return level;
  }
  return std::nullopt;
}

void Log::Write(LogLevel level, std::string_view message,
                const std::vector<std::pair<std::string_view, std::string>>& fields) const {
  if (level > level_) return;
  Json line = NewLine(level, message);
  for (const auto& [key, value] : fields) line[std::string(key)] = value;
  WriteLine(descriptor_, line);
}

void Log::WriteDecision(const Decision& decision, std::chrono::nanoseconds duration) const {
  // What was only audited changes no answer, but is what audit mode is for.
  const bool is_audited = decision.outcome == Outcome::kAllow && !decision.audit_annotations.empty();
  const LogLevel level = is_audited ? LogLevel::kInfo : LevelOf(decision.outcome);
  if (level > level_) return;
  Json line = NewLine(level, "decision");
  line["decision"] = OutcomeName(decision.outcome);
  line["door"] = DoorName(decision.door);
  line["uid"] = decision.uid;
  line["operation"] = decision.operation;
  line["kind"] = decision.kind;
  if (!decision.subresource.empty()) line["subresource"] = decision.subresource;
  line["namespace"] = decision.namespace_name;
  line["name"] = decision.name;
  line["user"] = decision.user;
  if (decision.is_dry_run) line["dry_run"] = true;
  if (!decision.error_reason.empty()) line["reason"] = decision.error_reason;
  if (!decision.message.empty()) line["message"] = decision.message;
  for (const JudgedFinding& judged : decision.findings) {
    Json finding = {{"policy", judged.policy},          {"control", judged.finding->control},
                    {"mode", ModeName(judged.mode)},    {"pointer", judged.finding->pointer},
                    {"inherited", judged.is_inherited}, {"message", FindingMessage(*judged.finding)}};
    if (judged.is_exempt()) finding["exemption"] = judged.exemption;
    line["findings"].push_back(std::move(finding));
  }
  for (const Injection& injection : decision.injections) {
    line["injections"].push_back({{"policy", injection.policy},
                                  {"control", injection.control},
                                  {"mode", ModeName(injection.mode)},
                                  {"pointer", injection.pointer},
                                  {"value", injection.value}});
  }
  line["duration_us"] = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  WriteLine(descriptor_, line);
}

}  // namespace tidewaiter
