// SPDX-License-Identifier: Apache-2.0
//
// By control and place, whatever the policies are called: a policy that is renamed changes nothing.
#include "webhook/cli/policy_diff/comparison.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "webhook/engine/message_limits.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// What a finding is about: control, place, what it asks.
using Key = std::tuple<std::string, std::string, std::string>;

// The strictest mode in which it counts.
struct Weight {
  Mode mode = Mode::kAudit;
  bool denies = false;
  std::string line;
};

// A custom resource that one side does not know is not sent to it.
bool IsJudged(const Decision& decision) { return decision.error_reason != kErrorReasons[2]; }
bool IsLetIn(const Decision& decision) { return decision.is_allowed() || !IsJudged(decision); }

std::map<Key, Weight> FindingsOf(const Explanation& explanation) {
  std::map<Key, Weight> findings;
  for (const JudgedFinding& judged : explanation.decision.findings) {
    if (judged.is_exempt()) continue;
    const Finding& finding = *judged.finding;
    const Key key(finding.control, finding.pointer, finding.requirement.text());
    const auto [entry, is_new] = findings.try_emplace(key);
    const bool is_stricter = is_new || static_cast<int>(judged.mode) < static_cast<int>(entry->second.mode);
    if (!is_stricter) continue;
    entry->second = {.mode = judged.mode,
                     .denies = judged.denies(),
                     .line = StrCat(WithoutControlCharacters(FindingMessage(finding)), " [", judged.policy, "/",
                                    finding.control, "]")};
  }
  return findings;
}

std::map<std::string, std::string> InjectionsOf(const Explanation& explanation) {
  std::map<std::string, std::string> injections;
  for (const WorkloadExplanation& workload : explanation.workloads) {
    for (const Injection& change : workload.changes) {
      if (change.mode == Mode::kEnforce) injections[FieldPath(change.pointer)] = change.value;
    }
  }
  return injections;
}

void CompareFindings(const Explanation& before, const Explanation& after, WorkloadDifference& difference) {
  const std::map<Key, Weight> old_findings = FindingsOf(before);
  const std::map<Key, Weight> new_findings = FindingsOf(after);
  for (const auto& [key, now] : new_findings) {
    const auto old = old_findings.find(key);
    if (now.denies && (old == old_findings.end() || !old->second.denies)) difference.newly_denying.push_back(now.line);
    if (old == old_findings.end()) {
      if (!now.denies) difference.new_findings.push_back(StrCat(ModeName(now.mode), ": ", now.line));
    } else if (old->second.mode != now.mode) {
      difference.modes.push_back(StrCat(std::get<0>(key), " (", FieldPath(std::get<1>(key)),
                                        "): ", ModeName(old->second.mode), " -> ", ModeName(now.mode)));
    }
  }
  for (const auto& [key, old] : old_findings) {
    const auto now = new_findings.find(key);
    if (old.denies && (now == new_findings.end() || !now->second.denies)) {
      difference.no_longer_denying.push_back(old.line);
    }
    if (now == new_findings.end() && !old.denies) {
      difference.gone_findings.push_back(StrCat(ModeName(old.mode), ": ", old.line));
    }
  }
}

void CompareInjections(const Explanation& before, const Explanation& after, WorkloadDifference& difference) {
  const std::map<std::string, std::string> old_values = InjectionsOf(before);
  const std::map<std::string, std::string> new_values = InjectionsOf(after);
  for (const auto& [path, value] : new_values) {
    const auto old = old_values.find(path);
    if (old == old_values.end()) {
      difference.injected.push_back(StrCat(path, "=", value));
    } else if (old->second != value) {
      difference.injected_otherwise.push_back(StrCat(path, ": ", old->second, " -> ", value));
    }
  }
  for (const auto& [path, value] : old_values) {
    if (!new_values.contains(path)) difference.no_longer_injected.push_back(StrCat(path, "=", value));
  }
}

}  // namespace

WorkloadDifference Compare(const Explanation& old_explanation, const Explanation& new_explanation) {
  const Decision& before = old_explanation.decision;
  const Decision& after = new_explanation.decision;
  WorkloadDifference difference;
  difference.old_outcome = IsJudged(before) ? OutcomeName(before.outcome) : "not judged";
  difference.new_outcome = IsJudged(after) ? OutcomeName(after.outcome) : "not judged";
  difference.is_newly_denied = IsLetIn(before) && !IsLetIn(after);
  difference.is_no_longer_denied = !IsLetIn(before) && IsLetIn(after);
  CompareFindings(old_explanation, new_explanation, difference);
  CompareInjections(old_explanation, new_explanation, difference);
  // What cannot be judged (an unknown namespace, say) is denied without a finding.
  if (difference.is_newly_denied && difference.newly_denying.empty()) difference.newly_denying.push_back(after.message);
  if (difference.is_no_longer_denied && difference.no_longer_denying.empty()) {
    difference.no_longer_denying.push_back(before.message);
  }
  return difference;
}

}  // namespace tidewaiter
