// SPDX-License-Identifier: Apache-2.0
//
// One loop over policies and controls; the controls do the work.
#include "webhook/engine/judge.h"

#include <algorithm>
#include <map>
#include <optional>
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
        if (!pod_pointer.empty() && finding.pointer != kNamespacePointer)
          judged.back().finding.pointer = StrCat(pod_pointer, finding.pointer);
      }
    }
  }
  return judged;
}

namespace {

// Whose violation it is, however the container is called: turning an init container into a sidecar changes the name of
// its kind, and moving it changes its index, but not its list and name.
std::string_view ListOf(const Finding& finding) {
  if (finding.container.empty()) return finding.subject;
  for (const std::string_view list : {"/initContainers/", "/ephemeralContainers/"}) {
    if (finding.pointer.find(list) != std::string::npos) return list;
  }
  return "/containers/";
}

}  // namespace

void MarkInherited(const std::vector<JudgedFinding>& old_findings, std::vector<JudgedFinding>& findings) {
  const auto key = [](const JudgedFinding& judged) {
    const Finding& finding = judged.finding;
    return std::tuple<std::string_view, std::string_view, std::string_view, std::string_view, std::string_view>(
        judged.policy, finding.control, ListOf(finding), finding.container,
        finding.identity.empty() ? finding.requirement : finding.identity);
  };
  std::map<decltype(key(old_findings.front())), long double> worst;
  for (const JudgedFinding& judged : old_findings) {
    if (judged.is_exempt()) continue;  // what was excused was no violation
    const auto [entry, is_new] = worst.emplace(key(judged), judged.finding.badness);
    if (!is_new) entry->second = std::max(entry->second, judged.finding.badness);
  }
  for (JudgedFinding& judged : findings) {
    const auto before = worst.find(key(judged));
    judged.is_inherited = before != worst.end() && judged.finding.badness <= before->second;
  }
}

bool AnyDenies(const std::vector<JudgedFinding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const JudgedFinding& judged) { return judged.denies(); });
}

}  // namespace tidewaiter
