// SPDX-License-Identifier: Apache-2.0
//
// Which lines go where, and how many of them fit.
#include "webhook/engine/messages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "webhook/engine/finding_groups.h"
#include "webhook/engine/message_limits.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Lines = std::vector<std::string_view>;

// As many lines as fit, joined; the rest is counted.
std::string JoinWithin(const Lines& lines, std::size_t max_bytes) {
  std::string joined;
  std::size_t size = 0;
  for (const std::string_view line : lines) size += line.size() + 2;
  joined.reserve(std::min(size, max_bytes));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    constexpr std::size_t kRoomForRest = sizeof("; and 18446744073709551615 more");
    if (joined.size() + lines[i].size() + kRoomForRest > max_bytes) {
      if (joined.empty()) return Shorten(std::string(lines[i]), max_bytes);
      return StrCat(joined, "; and ", lines.size() - i, " more");
    }
    StrAppend(&joined, joined.empty() ? "" : "; ", lines[i]);
  }
  return joined;
}

void AddAnnotation(std::string_view key, const Lines& lines, Decision& decision) {
  if (lines.empty()) return;
  decision.audit_annotations.push_back(
      {std::string(key), WithoutControlCharacters(JoinWithin(lines, kMaxAnnotationBytes))});
}

// One line for all that one control of one policy would inject.
std::vector<std::string> WouldInjectWarnings(const std::vector<Injection>& injections) {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < injections.size();) {
    const Injection& first = injections[i];
    std::size_t end = i;
    const auto is_same = [&](const Injection& other) {
      return other.policy == first.policy && other.control == first.control && other.mode == first.mode;
    };
    while (end < injections.size() && is_same(injections[end])) {
      ++end;
    }
    if (first.mode == Mode::kWarn) {
      const std::string more = end - i > 1 ? StrCat(" and ", end - i - 1, " more") : std::string();
      warnings.push_back(StrCat("would set ", FieldPath(first.pointer), "=", first.value, more, " [", first.policy, "/",
                                first.control, "]"));
    }
    i = end;
  }
  return warnings;
}

std::string DenialMessage(const std::vector<FindingGroup>& groups) {
  Lines lines;
  std::size_t count = 0;
  for (const FindingGroup& group : groups) {
    if (!group.first().denies()) continue;
    lines.push_back(group.line);
    count += group.findings.size();
  }
  if (lines.empty()) return {};
  if (lines.size() == 1) return Shorten(std::string(lines.front()), kMaxDenialBytes);
  std::string message = StrCat(count, " violations:");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (message.size() + lines[i].size() > kMaxDenialBytes) {
      return StrCat(message, "\n- and ", lines.size() - i, " more lines like these");
    }
    StrAppend(&message, "\n- ", lines[i]);
  }
  return message;
}

void AddAnnotations(const std::vector<FindingGroup>& groups, Decision& decision) {
  std::array<Lines, 3> by_mode;
  for (const FindingGroup& group : groups) by_mode[static_cast<std::size_t>(group.first().mode)].push_back(group.line);
  std::vector<std::string> exempted;
  for (const JudgedFinding& judged : decision.findings) {
    if (judged.is_exempt()) exempted.push_back(StrCat(FindingLine(judged), " exempt by ", judged.exemption));
  }
  std::vector<std::string> injected;
  std::vector<std::string> would_inject;
  for (const Injection& injection : decision.injections) {
    (injection.mode == Mode::kEnforce ? injected : would_inject).push_back(InjectionLine(injection));
  }
  const auto add = [&](std::string_view key, const std::vector<std::string>& lines) {
    AddAnnotation(key, Lines(lines.begin(), lines.end()), decision);
  };
  AddAnnotation("enforce-violations", by_mode[0], decision);
  AddAnnotation("warn-violations", by_mode[1], decision);
  AddAnnotation("audit-violations", by_mode[2], decision);
  add("exempted-violations", exempted);
  add("injected", injected);
  add("would-inject", would_inject);
}

// As many as the API server passes on; the rest is counted.
void AddWarnings(std::vector<std::string> warnings, Decision& decision) {
  constexpr std::size_t kRoomForRest = sizeof("and 18446744073709551615 more findings: see the audit annotations");
  std::size_t total = 0;
  // Few are passed on, so that looking through them is quicker than any table.
  const auto first = static_cast<std::ptrdiff_t>(decision.warnings.size());
  for (std::size_t i = 0; i < warnings.size(); ++i) {
    std::string warning = Shorten(WithoutControlCharacters(std::move(warnings[i])), kMaxWarningBytes);
    if (std::find(decision.warnings.begin() + first, decision.warnings.end(), warning) != decision.warnings.end()) {
      continue;
    }
    if (total + warning.size() + kRoomForRest > kMaxWarningsBytes) {
      std::string rest = StrCat("and ", warnings.size() - i, " more findings: see the audit annotations");
      if (total + warning.size() + rest.size() > kMaxWarningsBytes) {
        decision.warnings.push_back(std::move(rest));
        return;
      }
    }
    total += warning.size();
    decision.warnings.push_back(std::move(warning));
  }
}

}  // namespace

std::string InjectionLine(const Injection& injection) {
  const bool is_removed = injection.value == "null";
  return StrCat(FieldPath(injection.pointer), is_removed ? " removed" : "=", is_removed ? "" : injection.value, " [",
                injection.policy, "/", injection.control, "]");
}

void AddMessages(const std::vector<std::string>& notes, Decision& decision) {
  const std::vector<FindingGroup> groups = GroupFindings(decision.findings);
  AddAnnotations(groups, decision);
  std::vector<std::string> warnings;
  for (const FindingGroup& group : groups) {
    if (group.first().mode != Mode::kAudit && !group.first().denies()) warnings.push_back(group.Warning());
  }
  for (std::string& warning : WouldInjectWarnings(decision.injections)) warnings.push_back(std::move(warning));
  warnings.insert(warnings.end(), notes.begin(), notes.end());
  AddWarnings(std::move(warnings), decision);
  decision.message = DenialMessage(groups);
}

}  // namespace tidewaiter
