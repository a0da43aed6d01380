// SPDX-License-Identifier: Apache-2.0
//
// Order, grouping, and the sentence.
#include "webhook/engine/finding_groups.h"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "webhook/engine/message_limits.h"
#include "webhook/kube/byte_scan.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

bool IsIndex(std::string_view token, std::size_t& index) {
  if (!token.empty() && (token.front() < '0' || token.front() > '9')) return false;
  return std::from_chars(token.begin(), token.end(), index).ptr == token.end();
}

// Orders pointers as a reader goes through the object: containers[2] before containers[10]. They are alike in their
// first `same` bytes, and no further.
bool IsPointerLess(std::string_view a, std::string_view b, std::size_t same) {
  const auto is_name = [](char c) { return c != '/' && (c < '0' || c > '9'); };
  if (same < a.size() && same < b.size() && is_name(a[same]) && is_name(b[same])) {
    return a.substr(same) < b.substr(same);  // neither token is an index
  }
  // The first tokens that differ.
  const std::size_t begin = a.substr(0, same).rfind('/') + 1;
  const std::string_view token_a = a.substr(begin, a.find('/', same) - begin);
  const std::string_view token_b = b.substr(begin, b.find('/', same) - begin);
  std::size_t index_a = 0;
  std::size_t index_b = 0;
  const bool is_index_a = IsIndex(token_a, index_a);
  const bool is_index_b = IsIndex(token_b, index_b);
  return std::tie(is_index_b, index_a, a) < std::tie(is_index_a, index_b, b);
}

// Policies and controls have one text each: mostly the place in memory tells.
bool IsSameText(std::string_view a, std::string_view b) { return a.data() == b.data() || a == b; }

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

bool BelongTogether(const JudgedFinding& first, const JudgedFinding& other) {
  const Finding& a = *first.finding;
  const Finding& b = *other.finding;
  return first.mode == other.mode && first.is_inherited == other.is_inherited && IsSameText(a.control, b.control) &&
         IsSameText(first.policy, other.policy) && IsSameText(a.requirement, b.requirement) &&
         !b.subject_name().empty() && Split(a.pointer).after == Split(b.pointer).after;
}

// `containers "a", "b" and "c"`, kind by kind.
void AppendSubjects(const std::vector<const JudgedFinding*>& findings, std::string& text) {
  constexpr std::size_t kMostNames = 10;
  const auto finding_at = [&](std::size_t i) -> const Finding& { return *findings[i]->finding; };
  if (findings.size() == 1) {
    StrAppend(&text, finding_at(0).subject_kind);
    if (const std::string& name = finding_at(0).subject_name(); !name.empty()) StrAppend(&text, " \"", name, "\"");
    return;
  }
  for (std::size_t i = 0; i < findings.size();) {
    const std::string_view kind = finding_at(i).subject_kind;
    std::size_t end = i;
    while (end < findings.size() && finding_at(end).subject_kind == kind) ++end;
    const std::size_t shown = std::min(end, i + kMostNames);
    StrAppend(&text, i == 0 ? "" : end == findings.size() ? " and " : ", ", kind, end - i > 1 ? "s" : "");
    for (std::size_t k = i; k < shown; ++k) {
      const bool is_last = k + 1 == end;
      StrAppend(&text, k == i ? " \"" : is_last ? " and \"" : ", \"", finding_at(k).subject_name(), "\"");
    }
    if (shown < end) StrAppend(&text, " and ", end - shown, " more");
    i = end;
  }
}

// `spec.containers[0,2].image, spec.initContainers[0].image`.
void AppendPlaces(const std::vector<const JudgedFinding*>& findings, std::string& text) {
  for (std::size_t i = 0; i < findings.size();) {
    const SplitPointer place = Split(findings[i]->finding->pointer);
    std::size_t end = i + 1;
    while (end < findings.size() && Split(findings[end]->finding->pointer).before == place.before) ++end;
    if (i > 0) text += ", ";
    if (end - i == 1) {
      AppendFieldPath(findings[i]->finding->pointer, text);
    } else {
      AppendFieldPath(place.before.substr(0, place.before.size() - 1), text);
      for (std::size_t k = i; k < end; ++k) {
        StrAppend(&text, k == i ? "[" : ",", Split(findings[k]->finding->pointer).index);
      }
      text += ']';
      if (!place.after.empty()) {
        // A member of the list's element: the path goes on.
        if (const std::string rest = FieldPath(place.after); !rest.empty()) {
          StrAppend(&text, rest.front() == '[' ? "" : ".", rest);
        }
      }
    }
    i = end;
  }
}

std::string WriteLine(const std::vector<const JudgedFinding*>& findings) {
  const JudgedFinding& first = *findings.front();
  std::string line;
  line.reserve(192);
  AppendSubjects(findings, line);
  StrAppend(&line, " ", first.finding->requirement.text(), " (");
  AppendPlaces(findings, line);
  StrAppend(&line, ") [", first.policy, "/", first.finding->control, "]");
  return WithoutControlCharacters(std::move(line));
}

// Findings that say the same of the same place.
struct SaysSame {
  bool operator()(const Finding* a, const Finding* b) const {
    return IsSameText(a->control, b->control) && a->pointer == b->pointer && IsSameText(a->requirement, b->requirement);
  }
};
// Few findings share a place.
struct PlaceHash {
  std::size_t operator()(const Finding* finding) const { return absl::Hash<std::string>()(finding->pointer); }
};

}  // namespace

void SortFindings(std::vector<JudgedFinding>& findings) {
  // What is moved about is small, and what decides mostly is at hand.
  struct Place {
    int rank;  // by !denies(), then by mode
    JudgedFinding* judged;
  };
  std::vector<Place> places;
  places.reserve(findings.size());
  for (JudgedFinding& judged : findings) {
    places.push_back({(judged.denies() ? 0 : 4) + static_cast<int>(judged.mode), &judged});
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    if (a.rank != b.rank) return a.rank < b.rank;
    const std::string_view pointer_a = a.judged->finding->pointer;
    const std::string_view pointer_b = b.judged->finding->pointer;
    const std::size_t same = CountAlike(pointer_a, pointer_b);
    if (same < pointer_a.size() || same < pointer_b.size()) return IsPointerLess(pointer_a, pointer_b, same);
    return std::tie(a.judged->policy, a.judged->finding->control) <
           std::tie(b.judged->policy, b.judged->finding->control);
  });
  std::vector<JudgedFinding> sorted;
  sorted.reserve(findings.size());
  for (const Place& place : places) sorted.push_back(*place.judged);
  findings = std::move(sorted);
}

std::string FindingGroup::Warning() const {
  // A template's update is let through; the Pods that its controller makes of it are new, and are not.
  const bool is_template = first().finding->pointer.find("/template/") != std::string::npos;
  const bool denies_pods = is_template && first().mode == Mode::kEnforce;
  const std::string_view note = !first().is_inherited ? ""
                                : denies_pods         ? " (was so before this update; new Pods will be denied)"
                                                      : " (was so before this update)";
  if (line.size() + note.size() <= kMaxWarningBytes) return StrCat(line, note);
  const std::string origin =
      WithoutControlCharacters(StrCat(note, " [", first().policy, "/", first().finding->control, "]"));
  const std::size_t room = kMaxWarningBytes - std::min(origin.size(), kMaxWarningBytes / 2);
  std::string message;
  AppendSubjects(findings, message);
  StrAppend(&message, " ", first().finding->requirement.text());
  return Shorten(Shorten(WithoutControlCharacters(std::move(message)), room) + origin, kMaxWarningBytes);
}

std::vector<FindingGroup> GroupFindings(const std::vector<JudgedFinding>& findings) {
  std::vector<FindingGroup> groups;
  absl::flat_hash_set<const Finding*, PlaceHash, SaysSame> seen;
  seen.reserve(findings.size());
  for (const JudgedFinding& judged : findings) {
    const Finding& finding = *judged.finding;
    if (judged.is_exempt() || !seen.insert(&finding).second) continue;
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const FindingGroup& candidate) {
      return BelongTogether(candidate.first(), judged);
    });
    if (group == groups.end()) {
      groups.push_back({.findings = {&judged}, .line = {}});
    } else {
      group->findings.push_back(&judged);
    }
  }
  for (FindingGroup& group : groups) group.line = WriteLine(group.findings);
  return groups;
}

std::string FindingLine(const JudgedFinding& judged) { return WriteLine({&judged}); }

}  // namespace tidewaiter
