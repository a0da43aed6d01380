// SPDX-License-Identifier: Apache-2.0
//
// One loop over policies and controls; the controls do the work.
#include "webhook/engine/judge.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// The findings of rules that were asked already, for either Pod.
class AskedRules {
 public:
  AskedRules(const JudgedPod& pod, std::string_view pod_pointer, std::size_t rule_count)
      : pod_(pod), pod_pointer_(pod_pointer), places_(2 * rule_count) {}

  // nullptr: none.
  const std::shared_ptr<Findings>& Ask(const AppliedControl& applied, bool is_enforced) {
    const bool is_same_pod = &pod_.enforced == &pod_.would_be;
    std::uint32_t& place = places_[2 * applied.rule + (is_enforced || is_same_pod ? 0 : 1)];
    if (place == 0) {
      if (found_.capacity() == 0) found_.reserve(kUsualFindings);
      applied.control->check(is_enforced ? pod_.enforced : pod_.would_be, applied.settings.get(), found_);
      place = found_.empty() ? kNoFindings : Keep(applied.control->info.id);
    }
    return answers_[place];
  }

 private:
  // One for each container of most Pods.
  static constexpr std::size_t kUsualFindings = 4;
  static constexpr std::uint32_t kNoFindings = 1;

  // Returns the place of what was found.
  std::uint32_t Keep(std::string_view control) {
    for (Finding& finding : found_) {
      finding.control = control;
      if (!pod_pointer_.empty() && finding.pointer != kNamespacePointer) finding.pointer.insert(0, pod_pointer_);
    }
    answers_.push_back(std::make_shared<Findings>(std::move(found_)));
    found_.clear();
    return static_cast<std::uint32_t>(answers_.size() - 1);
  }

  const JudgedPod& pod_;
  const std::string_view pod_pointer_;
  // Where in `answers_` each rule's lies, 0 as long as it was not asked: of a thousand policies few match, and the
  // rules of the others cost a zero each. The first two answers stand for "not asked" and "nothing found".
  std::vector<std::uint32_t> places_;
  std::vector<std::shared_ptr<Findings>> answers_ = {nullptr, nullptr};
  Findings found_;
};

}  // namespace

std::vector<JudgedFinding> Judge(const std::vector<ActivePolicy>& policies, std::size_t rule_count,
                                 const JudgedPod& pod, std::string_view pod_pointer, bool only_resources) {
  std::vector<JudgedFinding> judged;
  AskedRules rules(pod, pod_pointer, rule_count);
  for (const ActivePolicy& active : policies) {
    for (const AppliedControl& applied : active.policy->controls) {
      if (only_resources && !applied.control->info.is_about_resources) continue;
      const Mode mode = active.ModeOf(applied);
      const Pod& judged_pod = mode == Mode::kEnforce ? pod.enforced : pod.would_be;
      const std::shared_ptr<Findings>& findings = rules.Ask(applied, mode == Mode::kEnforce);
      if (findings == nullptr) continue;
      for (const Finding& finding : *findings) {
        const Exemption* exemption = active.FindForFinding(*applied.control, judged_pod, pod_pointer, finding);
        judged.push_back({.policy = active.policy->name,
                          .mode = mode,
                          .is_inherited = false,
                          .exemption = exemption == nullptr ? std::string_view() : exemption->name,
                          .finding = std::shared_ptr<const Finding>(findings, &finding)});
      }
    }
  }
  return judged;
}

namespace {

// Whose violation it is, however the container is called: turning an init container into a sidecar changes the name of
// its kind, and moving it changes its index, but not its list and name.
std::string_view ListOf(const Finding& finding) {
  if (finding.container.empty()) return finding.subject_kind;
  for (const std::string_view list : {"/initContainers/", "/ephemeralContainers/"}) {
    if (finding.pointer.find(list) != std::string::npos) return list;
  }
  return "/containers/";
}

}  // namespace

void MarkInherited(const std::vector<JudgedFinding>& old_findings, std::vector<JudgedFinding>& findings) {
  const auto key = [](const JudgedFinding& judged) {
    const Finding& finding = *judged.finding;
    return std::tuple<std::string_view, std::string_view, std::string_view, std::string_view, std::string_view>(
        judged.policy, finding.control, ListOf(finding), finding.subject_name(),
        finding.identity.empty() ? finding.requirement.text() : finding.identity.text());
  };
  std::map<decltype(key(old_findings.front())), long double> worst;
  for (const JudgedFinding& judged : old_findings) {
    if (judged.is_exempt()) continue;  // what was excused was no violation
    const auto [entry, is_new] = worst.emplace(key(judged), judged.finding->badness);
    if (!is_new) entry->second = std::max(entry->second, judged.finding->badness);
  }
  for (JudgedFinding& judged : findings) {
    const auto before = worst.find(key(judged));
    judged.is_inherited = before != worst.end() && judged.finding->badness <= before->second;
  }
}

bool AnyDenies(const std::vector<JudgedFinding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const JudgedFinding& judged) { return judged.denies(); });
}

}  // namespace tidewaiter
