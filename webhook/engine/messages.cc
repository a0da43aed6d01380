// SPDX-License-Identifier: Apache-2.0
//
// Lines, and how many of them fit.
#include "webhook/engine/messages.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>
#include <utility>

#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

std::string_view NextToken(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const std::string_view token = pointer.substr(0, pointer.find('/'));
  pointer.remove_prefix(token.size());
  return token;
}

// Orders pointers as a reader goes through the object: containers[2] before containers[10].
bool IsPointerLess(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view token_a = NextToken(a);
    const std::string_view token_b = NextToken(b);
    if (token_a == token_b) continue;
    std::size_t index_a = 0;
    std::size_t index_b = 0;
    const bool is_index_a = std::from_chars(token_a.begin(), token_a.end(), index_a).ptr == token_a.end();
    const bool is_index_b = std::from_chars(token_b.begin(), token_b.end(), index_b).ptr == token_b.end();
    return is_index_a && is_index_b ? index_a < index_b : token_a < token_b;
  }
  return a.empty() && !b.empty();
}

// Cuts at a character, never inside one (UTF-8 continuation bytes are 10xxxxxx).
std::string Shorten(std::string text, std::size_t max_bytes) {
  constexpr std::string_view kEllipsis = "...";
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes - kEllipsis.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return StrCat(text, kEllipsis);
}

std::string Origin(std::string_view policy, std::string_view control) {
  return StrCat(" [", policy, "/", control, "]");
}

// The finding as a warning: whole if it fits, else without its path, else cut; who says so always stays.
std::string WarningLine(const JudgedFinding& judged) {
  const std::string_view note = judged.is_inherited ? " (was so before this update)" : "";
  std::string whole = WithoutControlCharacters(StrCat(FindingLine(judged), note));
  if (whole.size() <= kMaxWarningBytes) return whole;
  const std::string origin = WithoutControlCharacters(StrCat(note, Origin(judged.policy, judged.finding.control)));
  const std::size_t room = kMaxWarningBytes - std::min(origin.size(), kMaxWarningBytes / 2);
  return Shorten(Shorten(WithoutControlCharacters(FindingMessage(judged.finding)), room) + origin, kMaxWarningBytes);
}

bool Denies(const JudgedFinding& judged) { return judged.mode == Mode::kEnforce && !judged.is_inherited; }

// As many lines as fit, joined; the rest is counted.
std::string JoinWithin(const std::vector<std::string>& lines, std::size_t max_bytes) {
  std::string joined;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string rest = StrCat("; and ", lines.size() - i, " more");
    if (joined.size() + lines[i].size() + rest.size() + 2 > max_bytes) {
      return joined.empty() ? Shorten(lines[i], max_bytes) : joined + rest;
    }
    StrAppend(&joined, joined.empty() ? "" : "; ", lines[i]);
  }
  return joined;
}

void AddAnnotation(std::string_view key, const std::vector<std::string>& lines, Decision& decision) {
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
      warnings.push_back(
          StrCat("would set ", FieldPath(first.pointer), "=", first.value, more, Origin(first.policy, first.control)));
    }
    i = end;
  }
  return warnings;
}

}  // namespace

std::string WithoutControlCharacters(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool is_c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (is_c1) ++i;
    clean.push_back(c < 0x20 || c == 0x7F || is_c1 ? ' ' : text[i]);
  }
  return clean;
}

std::string FindingLine(const JudgedFinding& judged) {
  return StrCat(FindingMessage(judged.finding), " (", FieldPath(judged.finding.pointer), ")",
                Origin(judged.policy, judged.finding.control));
}

std::string InjectionLine(const Injection& injection) {
  return StrCat(FieldPath(injection.pointer), "=", injection.value, Origin(injection.policy, injection.control));
}

void SortFindings(std::vector<JudgedFinding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const JudgedFinding& a, const JudgedFinding& b) {
    if (a.mode != b.mode) return a.mode < b.mode;
    if (a.finding.pointer != b.finding.pointer) return IsPointerLess(a.finding.pointer, b.finding.pointer);
    return std::tie(a.policy, a.finding.control) < std::tie(b.policy, b.finding.control);
  });
}

std::string DenialMessage(const std::vector<JudgedFinding>& findings) {
  std::vector<std::string> lines;
  for (const JudgedFinding& judged : findings) {
    if (Denies(judged)) lines.push_back(WithoutControlCharacters(FindingLine(judged)));
  }
  if (lines.size() == 1) return lines.front();
  std::string message = StrCat(lines.size(), " violations:");
  for (const std::string& line : lines) StrAppend(&message, "\n- ", line);
  return message;
}

void AddMessages(const std::vector<std::string>& notes, Decision& decision) {
  std::vector<std::string> warnings;
  std::vector<std::string> by_mode[3];
  for (const JudgedFinding& judged : decision.findings) {
    by_mode[static_cast<std::size_t>(judged.mode)].push_back(FindingLine(judged));
    if (judged.mode != Mode::kAudit && !Denies(judged)) warnings.push_back(WarningLine(judged));
  }
  std::vector<std::string> injected;
  std::vector<std::string> would_inject;
  for (const Injection& injection : decision.injections) {
    (injection.mode == Mode::kEnforce ? injected : would_inject).push_back(InjectionLine(injection));
  }
  AddAnnotation("enforce-violations", by_mode[0], decision);
  AddAnnotation("warn-violations", by_mode[1], decision);
  AddAnnotation("audit-violations", by_mode[2], decision);
  AddAnnotation("injected", injected, decision);
  AddAnnotation("would-inject", would_inject, decision);

  for (const std::string& warning : WouldInjectWarnings(decision.injections)) warnings.push_back(warning);
  warnings.insert(warnings.end(), notes.begin(), notes.end());
  std::size_t total = 0;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < warnings.size(); ++i) {
    std::string warning = Shorten(WithoutControlCharacters(warnings[i]), kMaxWarningBytes);
    if (!seen.insert(warning).second) continue;
    std::string rest = StrCat("and ", warnings.size() - i, " more findings: see the audit annotations");
    if (total + warning.size() + rest.size() > kMaxWarningsBytes) {
      decision.warnings.push_back(std::move(rest));
      return;
    }
    total += warning.size();
    decision.warnings.push_back(std::move(warning));
  }
}

}  // namespace tidewaiter
