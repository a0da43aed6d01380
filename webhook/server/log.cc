// SPDX-License-Identifier: Apache-2.0
//
// Lines are built whole and written at once; invalid UTF-8 of a hostile object is replaced, never thrown on.
#include "webhook/server/log.h"

#include <unistd.h>

#include <ctime>

#include "absl/time/time.h"
#include "webhook/kube/json_text.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::pair<LogLevel, std::string_view> kLevels[] = {
    {LogLevel::kError, "error"}, {LogLevel::kWarn, "warn"}, {LogLevel::kInfo, "info"}, {LogLevel::kDebug, "debug"}};

std::string_view LevelName(LogLevel level) { return kLevels[static_cast<std::size_t>(level)].second; }

// RFC 3339 with milliseconds, UTC.
std::string Now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::TimeFromTimespec(now), absl::UTCTimeZone());
}

// One JSON object as text, member by member. Keys are literals that need no escape.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& json) : json_(json) { json_ += '{'; }
  ~JsonWriter() { json_ += '}'; }
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  void Text(std::string_view key, std::string_view text) {
    Key(key);
    AppendJsonText(text, json_);
  }
  // `json`: a number, true or false.
  void Raw(std::string_view key, std::string_view json) {
    Key(key);
    json_ += json;
  }
  // `append` writes each element behind the text so far.
  template <typename List, typename Append>
  void Array(std::string_view key, const List& list, Append append) {
    if (list.empty()) return;
    Key(key);
    char before = '[';
    for (const auto& element : list) {
      json_ += before;
      append(element, json_);
      before = ',';
    }
    json_ += ']';
  }

 private:
  void Key(std::string_view key) {
    StrAppend(&json_, is_first_ ? "\"" : ",\"", key, "\":");
    is_first_ = false;
  }

  std::string& json_;
  bool is_first_ = true;
};

void Begin(LogLevel level, std::string_view message, JsonWriter& line) {
  line.Text("time", Now());
  line.Text("level", LevelName(level));
  line.Text("msg", message);
}

void AppendFinding(const JudgedFinding& judged, std::string& json) {
  JsonWriter object(json);
  object.Text("policy", judged.policy);
  object.Text("control", judged.finding->control);
  object.Text("mode", ModeName(judged.mode));
  object.Text("pointer", judged.finding->pointer);
  object.Raw("inherited", judged.is_inherited ? "true" : "false");
  object.Text("message", FindingMessage(*judged.finding));
  if (judged.is_exempt()) object.Text("exemption", judged.exemption);
}

void AppendInjection(const Injection& injection, std::string& json) {
  JsonWriter object(json);
  object.Text("policy", injection.policy);
  object.Text("control", injection.control);
  object.Text("mode", ModeName(injection.mode));
  object.Text("pointer", injection.pointer);
  object.Text("value", injection.value);
}

void WriteLine(int descriptor, std::string& line) {
  line += '\n';
  [[maybe_unused]] const ssize_t written = write(descriptor, line.data(), line.size());
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
  std::string text;
  {
    JsonWriter line(text);
    Begin(level, message, line);
    for (const auto& [key, value] : fields) line.Text(key, value);
  }
  WriteLine(descriptor_, text);
}

void Log::WriteDecision(const Decision& decision, std::chrono::nanoseconds duration) const {
  // What was only audited changes no answer, but is what audit mode is for.
  const bool is_audited = decision.outcome == Outcome::kAllow && !decision.audit_annotations.empty();
  const LogLevel level = is_audited ? LogLevel::kInfo : LevelOf(decision.outcome);
  if (level > level_) return;
  std::string text;
  text.reserve(512 + 256 * (decision.findings.size() + decision.injections.size()) + decision.message.size());
  {
    JsonWriter line(text);
    Begin(level, "decision", line);
    line.Text("decision", OutcomeName(decision.outcome));
    line.Text("door", DoorName(decision.door));
    line.Text("uid", decision.uid);
    line.Text("operation", decision.operation);
    line.Text("kind", decision.kind);
    if (!decision.subresource.empty()) line.Text("subresource", decision.subresource);
    line.Text("namespace", decision.namespace_name);
    line.Text("name", decision.name);
    line.Text("user", decision.user);
    if (decision.is_dry_run) line.Raw("dry_run", "true");
    if (!decision.error_reason.empty()) line.Text("reason", decision.error_reason);
    if (!decision.message.empty()) line.Text("message", decision.message);
    line.Array("findings", decision.findings, AppendFinding);
    line.Array("injections", decision.injections, AppendInjection);
    line.Raw("duration_us", StrCat(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()));
  }
  WriteLine(descriptor_, text);
}

}  // namespace tidewaiter
