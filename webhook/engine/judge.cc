// SPDX-License-Identifier: Apache-2.0
//
// One loop over policies and controls; the controls do the work.
#include "webhook/engine/judge.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// The findings of rules that were asked already, for either Pod.
class AskedRules {
 public:
  AskedRules(const JudgedPod& pod, std::size_t rule_count) : pod_(pod), asked_(2 * rule_count) {}

  const Findings& Ask(const AppliedControl& applied, bool is_enforced) {
    const bool is_same_pod = &pod_.enforced == &pod_.would_be;
    std::optional<Findings>& findings = asked_[2 * applied.rule + (is_enforced || is_same_pod ? 0 : 1)];
    if (!findings.has_value()) {
      findings.emplace();
      applied.control->check(is_enforced ? pod_.enforced : pod_.would_be, applied.settings.get(), *findings);
      for (Finding& finding : *findings) finding.control = applied.control->info.id;
    }
    return *findings;
  }

 private:
  const JudgedPod& pod_;
  std::vector<std::optional<Findings>> asked_;
};

}  // namespace

std::vector<JudgedFinding> Judge(const std::vector<ActivePolicy>& policies, std::size_t rule_count,
                                 const JudgedPod& pod, std::string_view pod_pointer, bool only_resources) {
  std::vector<JudgedFinding> judged;
  AskedRules rules(pod, rule_count);
  for (const ActivePolicy& active : policies) {
    for (const AppliedControl& applied : active.policy->controls) {
      if (only_resources && !applied.control->info.is_about_resources) continue;
      const Mode mode = active.ModeOf(applied);
      const Pod& judged_pod = mode == Mode::kEnforce ? pod.enforced : pod.would_be;
      for (const Finding& finding : rules.Ask(applied, mode == Mode::kEnforce)) {
        const Exemption* exemption = active.FindForFinding(*applied.control, judged_pod, finding);
        judged.push_back({.policy = active.policy->name,
                          .mode = mode,
                          .is_inherited = false,
                          .exemption = exemption == nullptr ? std::string() : exemption->name,
                          .finding = finding});
        if (!pod_pointer.empty()) judged.back().finding.pointer = StrCat(pod_pointer, finding.pointer);
      }
    }
  }
  return judged;
}

void MarkInherited(const std::vector<JudgedFinding>& old_findings, std::vector<JudgedFinding>& findings) {
  const auto key = [](const JudgedFinding& judged) {
    return std::tie(judged.policy, judged.finding.control, judged.finding.subject, judged.finding.requirement);
  };
  std::set<decltype(key(old_findings.front()))> old_keys;
  for (const JudgedFinding& judged : old_findings) {
    if (!judged.is_exempt()) old_keys.insert(key(judged));  // what was excused was no violation
  }
  for (JudgedFinding& judged : findings) judged.is_inherited = old_keys.contains(key(judged));
}

bool AnyDenies(const std::vector<JudgedFinding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const JudgedFinding& judged) { return judged.denies(); });
}

}  // namespace tidewaiter
