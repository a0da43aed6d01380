// SPDX-License-Identifier: Apache-2.0
//
// Mutate, then validate, with one engine: what the mutate door would add is added before a template is judged. A Pod at
// the validate door is judged as it is: it has been through the mutate door, and if that was down nothing is assumed.
#include "webhook/engine/doors.h"

#include <algorithm>
#include <utility>

#include "webhook/engine/injector.h"
#include "webhook/engine/judge.h"
#include "webhook/engine/messages.h"

namespace tidewaiter {
namespace {

void Append(std::vector<Injection> from, std::vector<Injection>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// The findings on `workload`, after foreseeing what its Pods will get. `notes` takes what injecting controls have to
// say about a template (its Pods' creator is a controller and reads no warnings); nullptr when it is not wanted.
std::vector<JudgedFinding> JudgeWorkload(const DoorCase& door_case, Workload& workload, const Pod* old_pod,
                                         std::vector<std::string>* notes) {
  const std::vector<const Policy*>& policies = door_case.policies;
  const bool is_template = !workload.pod_pointer.empty();
  const std::optional<EditScope> scope = FindEditScope(door_case.request, workload, old_pod);
  if (is_template && scope.has_value() && HasInjection(policies, InjectionKind::kEnforced)) {
    InjectionResult result = Inject(policies, InjectionKind::kEnforced, *scope, workload.pod_pointer, workload.pod);
    if (notes != nullptr) *notes = std::move(result.warnings);
  }
  std::optional<Pod> would_be;
  if (scope.has_value() && HasInjection(policies, InjectionKind::kWouldBe)) {
    would_be = workload.pod;
    Inject(policies, InjectionKind::kWouldBe, *scope, workload.pod_pointer, *would_be);
  }
  return Judge(policies, {workload.pod, would_be.has_value() ? *would_be : workload.pod}, workload.pod_pointer,
               door_case.request.subresource == "resize");
}

// Keeps the findings about ephemeral containers that are new: nothing else can change in pods/ephemeralcontainers.
void KeepNewEphemeral(const EditScope& scope, std::vector<JudgedFinding>& findings) {
  const auto& names = scope.new_ephemeral_containers;
  std::erase_if(findings, [&](const JudgedFinding& judged) {
    return std::find(names.begin(), names.end(), judged.finding.container) == names.end();
  });
}

}  // namespace

void Mutate(DoorCase& door_case, Decision& decision) {
  decision.outcome = Outcome::kAllow;
  Workload& workload = door_case.workload;
  if (!workload.pod_pointer.empty()) return;  // templates are judged, never rewritten: GitOps tools see no drift
  const std::optional<EditScope> scope =
      FindEditScope(door_case.request, workload, door_case.old.has_value() ? &door_case.old->pod : nullptr);
  if (!scope.has_value()) return;
  InjectionResult enforced = Inject(door_case.policies, InjectionKind::kEnforced, *scope, "", workload.pod);
  decision.injections = std::move(enforced.injections);
  decision.patch = std::move(enforced.patch);
  if (HasInjection(door_case.policies, InjectionKind::kWouldBe)) {
    Append(Inject(door_case.policies, InjectionKind::kWouldBe, *scope, "", workload.pod).injections,
           decision.injections);
  }
  AddMessages(enforced.warnings, decision);
  if (!decision.patch.empty()) {
    decision.outcome = Outcome::kPatch;
  } else if (!decision.warnings.empty()) {
    decision.outcome = Outcome::kWarn;
  }
}

void Validate(DoorCase& door_case, Decision& decision) {
  decision.outcome = Outcome::kAllow;
  // Nothing of what is judged has changed (labels, scale, status, finalizers): not this request's doing.
  if (door_case.old.has_value() && door_case.old->pod == door_case.workload.pod) return;

  const Pod* old_pod = door_case.old.has_value() ? &door_case.old->pod : nullptr;
  std::vector<std::string> notes;
  std::vector<JudgedFinding> findings = JudgeWorkload(door_case, door_case.workload, old_pod, &notes);
  if (door_case.request.subresource == "ephemeralcontainers") {
    KeepNewEphemeral(FindEditScope(door_case.request, door_case.workload, old_pod).value_or(EditScope{}), findings);
  }
  if (door_case.old.has_value() && AnyDenies(findings)) {
    MarkInherited(JudgeWorkload(door_case, *door_case.old, nullptr, nullptr), findings);
  }
  SortFindings(findings);
  decision.findings = std::move(findings);
  AddMessages(notes, decision);
  if (AnyDenies(decision.findings)) {
    decision.outcome = Outcome::kDeny;
    decision.message = DenialMessage(decision.findings);
  } else if (!decision.warnings.empty()) {
    decision.outcome = Outcome::kWarn;
  }
}

}  // namespace tidewaiter
