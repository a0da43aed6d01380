// SPDX-License-Identifier: Apache-2.0
//
// From an explanation, a document and the policies' files to plain values.
#include "webhook/cli/explain/object_view.h"

#include <algorithm>
#include <set>

#include "webhook/cli/explain/seen_values.h"
#include "webhook/engine/message_limits.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::json;

class Viewer {
 public:
  Viewer(const SourceObject& source, const Explanation& explanation, const PolicyPlaces& places, ObjectView& view)
      : source_(source), explanation_(explanation), places_(places), view_(view) {
    original_ = source.object_json.empty() ? Json() : Json::parse(source.object_json);
    enforced_ = original_;
    for (const WorkloadExplanation& workload : explanation.workloads) Patch(workload.patch, enforced_);
    would_be_ = enforced_;
    for (const WorkloadExplanation& workload : explanation.workloads) Patch(workload.would_be_patch, would_be_);
  }

  void Fill() {
    for (const PolicyExplanation& explained : explanation_.policies) view_.policies.push_back(ViewPolicy(explained));
    for (const WorkloadExplanation& workload : explanation_.workloads) {
      for (const Injection& change : workload.changes) view_.changes.push_back(ViewChange(change));
      view_.notes.insert(view_.notes.end(), workload.notes.begin(), workload.notes.end());
    }
    if (explanation_.workloads.empty() || !explanation_.unjudged.empty()) return;
    if (explanation_.decision.outcome == Outcome::kRefuse || explanation_.decision.outcome == Outcome::kError) return;
    for (const PolicyStanding& standing : explanation_.workloads.front().standings) {
      for (const AppliedControl& applied : standing.policy->controls) {
        view_.controls.push_back(ViewControl(standing, applied));
      }
    }
  }

 private:
  static void Patch(const std::string& patch, Json& object) {
    if (!patch.empty()) object = object.patch(Json::parse(patch));
  }

  ReasonView ViewReason(const Policy& policy, const MatchReason& reason) const {
    return {.text = reason.text,
            .key = reason.key,
            .place = reason.key.empty() ? std::string() : places_.PlaceOf(policy, reason.key)};
  }

  // How the policy stands for the object; of several templates for the first that it can be told of.
  const PolicyStanding* FindStanding(const Policy& policy) const {
    for (const WorkloadExplanation& workload : explanation_.workloads) {
      for (const PolicyStanding& standing : workload.standings) {
        if (standing.policy == &policy) return &standing;
      }
    }
    return nullptr;
  }

  PolicyView ViewPolicy(const PolicyExplanation& explained) const {
    const Policy& policy = *explained.policy;
    PolicyView view;
    view.name = policy.name;
    view.place = policy.source;
    view.answer = explained.reason.answer;
    view.why = ViewReason(policy, explained.reason);
    const PolicyStanding* standing = FindStanding(policy);
    if (standing == nullptr) return view;
    view.held_back = ViewReason(policy, standing->held_back);
    view.reaches_pods = standing->reaches_pods;
    for (const ExemptionExplanation& exemption : standing->exemptions) {
      view.exemptions.push_back({.name = exemption.exemption->name,
                                 .reason_written = exemption.exemption->reason,
                                 .holds = exemption.reason.answer == MatchAnswer::kApplies,
                                 .why = ViewReason(policy, exemption.reason)});
    }
    return view;
  }

  const Policy* FindPolicy(std::string_view name) const {
    for (const PolicyExplanation& explained : explanation_.policies) {
      if (explained.policy->name == name) return explained.policy;
    }
    return nullptr;
  }

  ChangeView ViewChange(const Injection& change) const {
    const Policy* policy = FindPolicy(change.policy);
    return {.policy = std::string(change.policy),
            .control = std::string(change.control),
            .mode = std::string(ModeName(change.mode)),
            .pointer = change.pointer,
            .old_value = ValueText(original_, change.pointer),
            .new_value = change.value,
            .line = source_.LineOf(change.pointer),
            .place = places_.PlaceOf(*policy, places_.KeyOf(*policy, *FindControl(change.control)))};
  }

  FindingView ViewFinding(const JudgedFinding& judged, const Json& object) const {
    const Finding& finding = *judged.finding;
    return {.message = WithoutControlCharacters(FindingMessage(finding)),
            .remedy = std::string(finding.remedy.text()),
            .pointer = finding.pointer,
            .container = finding.container,
            .value = finding.control == "literal-credentials" ? std::string() : ValueText(object, finding.pointer),
            .line = source_.LineOf(finding.pointer),
            .state = judged.is_exempt()              ? "exempt"
                     : judged.is_inherited           ? "was there before"
                     : judged.mode == Mode::kEnforce ? "denies"
                     : judged.mode == Mode::kWarn    ? "warns"
                                                     : "audited",
            .exemption = std::string(judged.exemption)};
  }

  ControlView ViewControl(const PolicyStanding& standing, const AppliedControl& applied) const {
    const Policy& policy = *standing.policy;
    const ControlInfo& info = applied.control->info;
    const bool is_held_back = !standing.held_back.text.empty() && applied.mode == Mode::kEnforce;
    const Mode mode = is_held_back ? Mode::kWarn : applied.mode;
    const Json& object = mode == Mode::kEnforce ? enforced_ : would_be_;
    ControlView view;
    view.policy = policy.name;
    view.control = info.id;
    view.mode = ModeName(mode);
    view.place = places_.PlaceOf(policy, places_.KeyOf(policy, *applied.control));
    view.verdict = "passes";
    if (explanation_.only_resources && !info.is_about_resources) {
      view.verdict = "not asked";
      return view;
    }
    for (const JudgedFinding& judged : explanation_.decision.findings) {
      if (judged.policy != policy.name || judged.finding->control != info.id) continue;
      view.findings.push_back(ViewFinding(judged, object));
      if (!judged.is_exempt()) view.verdict = "violates";
    }
    if (!view.findings.empty() && view.verdict == "passes") view.verdict = "exempt";
    std::set<std::string> unset;
    for (const WorkloadExplanation& workload : explanation_.workloads) {
      SeenValues seen = FindSeenValues(object, workload.pod_pointer, info.fields);
      for (SeenValue& value : seen.set) {
        view.saw.push_back({.pointer = value.pointer,
                            .value = std::move(value.value),
                            .line = source_.LineOf(value.pointer),
                            .is_injected = ValueText(original_, value.pointer) != ValueText(object, value.pointer)});
      }
      unset.insert(seen.unset.begin(), seen.unset.end());
    }
    view.unset.assign(unset.begin(), unset.end());
    return view;
  }

  const SourceObject& source_;
  const Explanation& explanation_;
  const PolicyPlaces& places_;
  ObjectView& view_;
  Json original_, enforced_, would_be_;
};

}  // namespace

bool ControlView::denies() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const FindingView& finding) { return finding.state == "denies"; });
}

std::string ObjectView::Title() const { return StrCat(kind, " ", namespace_name, "/", name.empty() ? "?" : name); }

ObjectView ViewObject(const SourceObject& source, const ReviewContext& context, const PolicyPlaces& places) {
  const Explanation explanation = Explain(source.request, context);
  const Decision& decision = explanation.decision;
  ObjectView view;
  view.file = source.file;
  view.line = source.LineOf("");
  view.is_review = source.is_review;
  view.group = decision.group;
  view.kind = decision.kind;
  view.namespace_name = decision.namespace_name;
  view.name = decision.name == "*" ? "" : decision.name;
  view.operation = decision.operation;
  view.subresource = decision.subresource;
  view.user = decision.user;
  view.outcome = OutcomeName(decision.outcome);
  view.unjudged = explanation.unjudged;
  if (decision.outcome == Outcome::kRefuse || decision.outcome == Outcome::kError) view.message = decision.message;
  if (source.is_review && decision.is_allowed()) {
    view.depends_on_changes = !JudgeObject(source.request, context).is_allowed();
  }
  Viewer(source, explanation, places, view).Fill();
  return view;
}

}  // namespace tidewaiter
