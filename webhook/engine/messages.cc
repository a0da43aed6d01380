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

// Places before the index of a container or volume, and behind it: "/spec/containers/", "2", "/image".
struct SplitPointer {
  std::string_view before;
  std::string_view index;
  std::string_view after;
};
SplitPointer Split(std::string_view pointer) {
  for (const std::string_view list : {"ontainers/", "/volumes/"}) {
    const std::size_t at = pointer.find(list);
    if (at == std::string_view::npos) continue;
    const std::size_t begin = at + list.size();
    const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
    return {pointer.substr(0, begin), pointer.substr(begin, end - begin), pointer.substr(end)};
  }
  return {pointer, {}, {}};
}

// `container "web"` is of the kind `container`; "pod" has no name.
std::string_view KindOfSubject(std::string_view subject) { return subject.substr(0, subject.find(" \"")); }
std::string_view NameOfSubject(std::string_view subject) {
  const std::size_t quote = subject.find(" \"");
  return quote == std::string_view::npos ? std::string_view() : subject.substr(quote + 1);
}

// What one control of one policy asks of several containers, as one sentence.
struct FindingGroup {
  std::vector<const JudgedFinding*> findings;  // never empty

  const JudgedFinding& first() const { return *findings.front(); }

  bool Takes(const JudgedFinding& other) const {
    const auto key = [](const JudgedFinding& judged) {
      return std::tie(judged.mode, judged.is_inherited, judged.policy, judged.finding.control,
                      judged.finding.requirement);
    };
    return key(first()) == key(other) && !NameOfSubject(other.finding.subject).empty() &&
           Split(first().finding.pointer).after == Split(other.finding.pointer).after;
  }

  // `containers "a", "b" and "c"`, kind by kind.
  std::string Subjects() const {
    constexpr std::size_t kMostNames = 10;
    if (findings.size() == 1) return first().finding.subject;
    std::string text;
    for (std::size_t i = 0; i < findings.size();) {
      const std::string_view kind = KindOfSubject(findings[i]->finding.subject);
      std::size_t end = i;
      while (end < findings.size() && KindOfSubject(findings[end]->finding.subject) == kind) ++end;
      const std::size_t shown = std::min(end, i + kMostNames);
      StrAppend(&text, text.empty() ? "" : " and ", kind, end - i > 1 ? "s" : "");
      for (std::size_t k = i; k < shown; ++k) {
        const bool is_last = k + 1 == end;
        StrAppend(&text, k == i ? " " : is_last ? " and " : ", ", NameOfSubject(findings[k]->finding.subject));
      }
      if (shown < end) StrAppend(&text, " and ", end - shown, " more");
      i = end;
    }
    return text;
  }

  // `spec.containers[0,2].image, spec.initContainers[0].image`.
  std::string Places() const {
    std::string text;
    for (std::size_t i = 0; i < findings.size();) {
      const SplitPointer place = Split(findings[i]->finding.pointer);
      std::string indexes(place.index);
      std::size_t end = i + 1;
      for (; end < findings.size(); ++end) {
        const SplitPointer next = Split(findings[end]->finding.pointer);
        if (next.before != place.before) break;
        StrAppend(&indexes, ",", next.index);
      }
      std::string field = FieldPath(findings[i]->finding.pointer);
      if (end - i > 1) {
        // The index stands where the path of the list ends.
        const std::size_t bracket = FieldPath(place.before.substr(0, place.before.size() - 1)).size();
        field = StrCat(field.substr(0, bracket + 1), indexes, field.substr(field.find(']', bracket)));
      }
      StrAppend(&text, text.empty() ? "" : ", ", field);
      i = end;
    }
    return text;
  }

  std::string Message() const { return StrCat(Subjects(), " ", first().finding.requirement); }
  std::string Line() const {
    return WithoutControlCharacters(
        StrCat(Message(), " (", Places(), ")", Origin(first().policy, first().finding.control)));
  }

  // As a warning: whole if it fits, else without its places, else cut; who says so always stays.
  std::string Warning() const {
    // A template's update is let through; the Pods that its controller makes of it are new, and are not.
    const bool is_template = first().finding.pointer.find("/template/") != std::string::npos;
    const bool denies_pods = is_template && first().mode == Mode::kEnforce;
    const std::string_view note = !first().is_inherited ? ""
                                  : denies_pods         ? " (was so before this update; new Pods will be denied)"
                                                        : " (was so before this update)";
    std::string whole = StrCat(Line(), note);
    if (whole.size() <= kMaxWarningBytes) return whole;
    const std::string origin = WithoutControlCharacters(StrCat(note, Origin(first().policy, first().finding.control)));
    const std::size_t room = kMaxWarningBytes - std::min(origin.size(), kMaxWarningBytes / 2);
    return Shorten(Shorten(WithoutControlCharacters(Message()), room) + origin, kMaxWarningBytes);
  }
};

// Those findings that people are told of, in order: where several policies say the same of the same place, the
// strictest speaks; what one control asks of several containers is one group.
std::vector<FindingGroup> GroupFindings(const std::vector<JudgedFinding>& findings) {
  std::vector<FindingGroup> groups;
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> seen;
  for (const JudgedFinding& judged : findings) {
    const Finding& finding = judged.finding;
    if (judged.is_exempt() || !seen.emplace(finding.control, finding.pointer, finding.requirement).second) continue;
    const auto group = std::find_if(groups.begin(), groups.end(),
                                    [&](const FindingGroup& candidate) { return candidate.Takes(judged); });
    if (group == groups.end()) {
      groups.push_back({{&judged}});
    } else {
      group->findings.push_back(&judged);
    }
  }
  return groups;
}

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
  const auto is_suspect = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F || byte == 0xC2;
  };
  if (std::none_of(text.begin(), text.end(), is_suspect)) return std::string(text);
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

std::string FindingLine(const JudgedFinding& judged) { return FindingGroup{{&judged}}.Line(); }

std::string InjectionLine(const Injection& injection) {
  return StrCat(FieldPath(injection.pointer), "=", injection.value, Origin(injection.policy, injection.control));
}

void SortFindings(std::vector<JudgedFinding>& findings) {
  // By place, since a finding is large: each is moved once.
  std::vector<JudgedFinding*> order;
  order.reserve(findings.size());
  for (JudgedFinding& judged : findings) order.push_back(&judged);
  std::stable_sort(order.begin(), order.end(), [](const JudgedFinding* a, const JudgedFinding* b) {
    const auto rank = [](const JudgedFinding& judged) { return std::tuple(!judged.denies(), judged.mode); };
    if (rank(*a) != rank(*b)) return rank(*a) < rank(*b);
    if (a->finding.pointer != b->finding.pointer) return IsPointerLess(a->finding.pointer, b->finding.pointer);
    return std::tie(a->policy, a->finding.control) < std::tie(b->policy, b->finding.control);
  });
  std::vector<JudgedFinding> sorted;
  sorted.reserve(findings.size());
  for (JudgedFinding* judged : order) sorted.push_back(std::move(*judged));
  findings = std::move(sorted);
}

std::string DenialMessage(const std::vector<JudgedFinding>& findings) {
  std::vector<std::string> lines;
  std::size_t count = 0;
  for (const FindingGroup& group : GroupFindings(findings)) {
    if (!group.first().denies()) continue;
    lines.push_back(group.Line());
    count += group.findings.size();
  }
  if (lines.size() == 1) return Shorten(lines.front(), kMaxDenialBytes);
  std::string message = StrCat(count, " violations:");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (message.size() + lines[i].size() > kMaxDenialBytes) {
      return StrCat(message, "\n- and ", lines.size() - i, " more lines like these");
    }
    StrAppend(&message, "\n- ", lines[i]);
  }
  return message;
}

void AddMessages(const std::vector<std::string>& notes, Decision& decision) {
  std::vector<std::string> warnings;
  std::vector<std::string> by_mode[3];
  for (const FindingGroup& group : GroupFindings(decision.findings)) {
    const JudgedFinding& first = group.first();
    by_mode[static_cast<std::size_t>(first.mode)].push_back(group.Line());
    if (first.mode != Mode::kAudit && !first.denies()) warnings.push_back(group.Warning());
  }
  std::vector<std::string> exempted;
  for (const JudgedFinding& judged : decision.findings) {
    if (judged.is_exempt()) exempted.push_back(StrCat(FindingLine(judged), " exempt by ", judged.exemption));
  }
  std::vector<std::string> injected;
  std::vector<std::string> would_inject;
  for (const Injection& injection : decision.injections) {
    (injection.mode == Mode::kEnforce ? injected : would_inject).push_back(InjectionLine(injection));
  }
  AddAnnotation("enforce-violations", by_mode[0], decision);
  AddAnnotation("warn-violations", by_mode[1], decision);
  AddAnnotation("audit-violations", by_mode[2], decision);
  AddAnnotation("exempted-violations", exempted, decision);
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
