// SPDX-License-Identifier: Apache-2.0
//
// One loop over policies and controls; the controls do the work.
#include "webhook/engine/judge.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// A part of the findings: they move as there come to be more of them.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The findings of rules that were asked already, for either Pod.
class AskedRules {
 public:
  // At most `ask_count` questions are asked, of rules below `rule_count`.
  AskedRules(const JudgedPod& pod, std::string_view pod_pointer, std::size_t ask_count, std::size_t rule_count,
             Findings& found)
      : pod_(pod),
        pod_pointer_(pod_pointer),
        places_(std::bit_ceil(std::max<std::size_t>(1, 2 * std::min(rule_count, ask_count)))),
        found_(found) {
    found_.reserve(kUsualFindings);
  }

  Range Ask(const AppliedControl& applied, bool is_enforced) {
    const bool is_same_pod = &pod_.enforced == &pod_.would_be;
    std::uint32_t& answer = AnswerOf(2 * applied.rule + (is_enforced || is_same_pod ? 0 : 1));
    if (answer == 0) {
      Range findings = {found_.size(), found_.size()};
      applied.control->check(is_enforced ? pod_.enforced : pod_.would_be, applied.settings.get(), found_);
      findings.end = found_.size();
      for (std::size_t i = findings.begin; i < findings.end; ++i) Complete(applied, found_[i]);
      answer = findings.begin == findings.end ? kNothing : static_cast<std::uint32_t>(answers_.size());
      if (answer != kNothing) answers_.push_back(findings);
    }
    return answers_[answer];
  }

 private:
  // More are moved about as they come.
  static constexpr std::size_t kUsualFindings = 32;
  static constexpr std::uint32_t kNothing = 1;

  struct Place {
    std::size_t question = 0;
    std::uint32_t answer = 0;  // 0: the place is free
  };

  // At its place, or at the first free one behind that; half of them stay free.
  std::uint32_t& AnswerOf(std::size_t question) {
    const std::size_t mask = places_.size() - 1;
    std::size_t at = question & mask;
    while (places_[at].answer != 0 && places_[at].question != question) at = (at + 1) & mask;
    places_[at].question = question;
    return places_[at].answer;
  }

  void Complete(const AppliedControl& applied, Finding& finding) const {
    finding.control = applied.control->info.id;
    if (!pod_pointer_.empty() && finding.pointer != kNamespacePointer) finding.pointer.insert(0, pod_pointer_);
  }

  const JudgedPod& pod_;
  const std::string_view pod_pointer_;
  // Where in `answers_` each question's lies, 0 as long as it was not asked: of a thousand policies few match, so there
  // are places for what those ask only. The first two answers stand for "not asked" and "nothing found".
  std::vector<Place> places_;
  std::vector<Range> answers_ = {{}, {}};
  Findings& found_;
};

}  // namespace

Judgement Judge(const std::vector<ActivePolicy>& policies, std::size_t rule_count, const JudgedPod& pod,
                std::string_view pod_pointer, bool only_resources) {
  // What a control of a policy complains about.
  struct Complaint {
    const ActivePolicy& active;
    const AppliedControl& applied;
    Mode mode;
    Range findings;
  };
  Judgement judgement;
  std::vector<Complaint> complaints;
  std::size_t count = 0;
  std::size_t ask_count = 0;
  for (const ActivePolicy& active : policies) ask_count += active.policy->controls.size();
  AskedRules rules(pod, pod_pointer, ask_count, rule_count, judgement.found);
  for (const ActivePolicy& active : policies) {
    for (const AppliedControl& applied : active.policy->controls) {
      if (only_resources && !applied.control->info.is_about_resources) continue;
      const Mode mode = active.ModeOf(applied);
      const Range findings = rules.Ask(applied, mode == Mode::kEnforce);
      if (findings.begin == findings.end) continue;
      complaints.push_back({active, applied, mode, findings});
      count += findings.end - findings.begin;
    }
  }
  judgement.judged.reserve(count);
  for (const Complaint& complaint : complaints) {
    const ActivePolicy& active = complaint.active;
    const Pod& judged_pod = complaint.mode == Mode::kEnforce ? pod.enforced : pod.would_be;
    for (std::size_t i = complaint.findings.begin; i < complaint.findings.end; ++i) {
      const Finding& finding = judgement.found[i];
      const Exemption* exemption = active.FindForFinding(*complaint.applied.control, judged_pod, pod_pointer, finding);
      judgement.judged.push_back({.policy = active.policy->name,
                                  .mode = complaint.mode,
                                  .is_inherited = false,
                                  .exemption = exemption == nullptr ? std::string_view() : exemption->name,
                                  .finding = &finding});
    }
  }
  return judgement;
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
