// SPDX-License-Identifier: Apache-2.0
//
// One loop over policies and controls; the controls do the work.
#include "webhook/engine/judge.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "webhook/kube/text.h"

namespace tidewaiter {

std::vector<JudgedFinding> Judge(const std::vector<const Policy*>& policies, const JudgedPod& pod,
                                 std::string_view pod_pointer, bool only_resources) {
  std::vector<JudgedFinding> judged;
  Findings findings;
  for (const Policy* policy : policies) {
    for (const AppliedControl& applied : policy->controls) {
      if (only_resources && !applied.control->info.is_about_resources) continue;
      findings.clear();
      applied.control->check(applied.mode == Mode::kEnforce ? pod.enforced : pod.would_be, applied.settings.get(),
                             findings);
      for (Finding& finding : findings) {
        finding.control = applied.control->info.id;
        if (!pod_pointer.empty()) finding.pointer = StrCat(pod_pointer, finding.pointer);
        judged.push_back(
            {.policy = policy->name, .mode = applied.mode, .is_inherited = false, .finding = std::move(finding)});
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
  for (const JudgedFinding& judged : old_findings) old_keys.insert(key(judged));
  for (JudgedFinding& judged : findings) judged.is_inherited = old_keys.contains(key(judged));
}

bool AnyDenies(const std::vector<JudgedFinding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const JudgedFinding& judged) { return judged.mode == Mode::kEnforce && !judged.is_inherited; });
}

}  // namespace tidewaiter
