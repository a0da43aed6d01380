// SPDX-License-Identifier: Apache-2.0
//
// Mutate, then validate, with one engine: what the mutate door would add is added before a template is judged. A Pod at
// the validate door is judged as it is: it has been through the mutate door, and if that was down nothing is assumed.
#include "webhook/engine/doors.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "webhook/engine/finding_groups.h"
#include "webhook/engine/injector.h"
#include "webhook/engine/judge.h"
#include "webhook/engine/messages.h"

namespace tidewaiter {
namespace {

template <typename T>
void Append(std::vector<T> from, std::vector<T>& to) {
  if (to.empty()) return to.swap(from);
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// A template's Pods get only what the policies inject that look at Pods like these.
void KeepThoseOfPods(const Workload& workload, std::vector<ActivePolicy>& policies) {
  std::erase_if(policies,
                [&](const ActivePolicy& active) { return !active.policy->match.HoldsForPod(workload.pod.labels); });
}

// Puts the operations of one JSON patch behind those of another; "" has none.
void AppendPatch(std::string from, std::string& to) {
  if (to.empty()) {
    to = std::move(from);
  } else if (!from.empty()) {
    to.back() = ',';
    to.append(from, 1);
  }
}

// The findings on `workload`, after foreseeing what its Pods will get. `notes` takes what injecting controls have to
// say about a template (its Pods' creator is a controller and reads no warnings); nullptr when it is not wanted.
Judgement JudgeWorkload(const DoorCase& door_case, Workload& workload, const Pod* old_pod,
                        std::vector<std::string>* notes) {
  const std::vector<ActivePolicy> policies = Activate(door_case.policies, door_case.policy_case, workload);
  const bool is_template = !workload.pod_pointer.empty();
  std::vector<ActivePolicy> of_pods;
  if (is_template) {
    of_pods = policies;
    KeepThoseOfPods(workload, of_pods);
  }
  const std::vector<ActivePolicy>& injecting = is_template ? of_pods : policies;
  const bool is_foreseen = is_template || door_case.foresees_pods;
  const std::optional<EditScope> scope = FindEditScope(door_case.request, workload, old_pod);
  if (is_foreseen && scope.has_value() && HasInjection(injecting, InjectionKind::kEnforced)) {
    InjectionResult result =
        Inject(injecting, InjectionKind::kEnforced, *scope, workload.pod_pointer, false, workload.pod);
    if (notes != nullptr) Append(std::move(result.warnings), *notes);
  }
  std::optional<Pod> would_be;
  if (scope.has_value() && HasInjection(injecting, InjectionKind::kWouldBe)) {
    would_be = workload.pod;
    Inject(injecting, InjectionKind::kWouldBe, *scope, workload.pod_pointer, false, *would_be);
  }
  return Judge(policies, door_case.rule_count, {workload.pod, would_be.has_value() ? *would_be : workload.pod},
               workload.pod_pointer, door_case.request.subresource == "resize");
}

// Keeps the findings about ephemeral containers that are new: nothing else can change in pods/ephemeralcontainers.
void KeepNewEphemeral(const std::vector<std::string>& names, std::vector<JudgedFinding>& findings) {
  std::erase_if(findings, [&](const JudgedFinding& judged) {
    return std::find(names.begin(), names.end(), judged.finding->container) == names.end();
  });
}

// The findings on one Pod or template.
Judgement JudgeChange(const DoorCase& door_case, JudgedWorkload& workload, std::vector<std::string>& notes) {
  const Pod* old_pod = workload.old.has_value() ? &workload.old->pod : nullptr;
  Judgement now = JudgeWorkload(door_case, workload.now, old_pod, &notes);
  if (door_case.request.subresource == "ephemeralcontainers" && old_pod != nullptr) {
    KeepNewEphemeral(NewEphemeralContainers(workload.now.pod, *old_pod), now.judged);
  }
  if (workload.old.has_value() && AnyDenies(now.judged)) {
    const Judgement old = JudgeWorkload(door_case, *workload.old, nullptr, nullptr);
    MarkInherited(old.judged, now.judged);
  }
  return now;
}

}  // namespace

void Mutate(DoorCase& door_case, Decision& decision) {
  decision.outcome = Outcome::kAllow;
  for (JudgedWorkload& workload : door_case.workloads) {
    // In a cluster templates are judged, never rewritten: GitOps sees no drift.
    const std::string& pointer = workload.now.pod_pointer;
    if (!pointer.empty() && !door_case.foresees_pods) continue;
    const std::optional<EditScope> scope =
        FindEditScope(door_case.request, workload.now, workload.old.has_value() ? &workload.old->pod : nullptr);
    if (!scope.has_value()) continue;
    Pod& pod = workload.now.pod;
    std::vector<ActivePolicy> policies = Activate(door_case.policies, door_case.policy_case, workload.now);
    if (!pointer.empty()) KeepThoseOfPods(workload.now, policies);
    InjectionResult enforced = Inject(policies, InjectionKind::kEnforced, *scope, pointer, true, pod);
    Append(std::move(enforced.injections), decision.injections);
    AppendPatch(std::move(enforced.patch), decision.patch);
    if (HasInjection(policies, InjectionKind::kWouldBe)) {
      InjectionResult would_be =
          Inject(policies, InjectionKind::kWouldBe, *scope, pointer, door_case.foresees_pods, pod);
      Append(std::move(would_be.injections), decision.injections);
      AppendPatch(std::move(would_be.patch), decision.patch);
    }
    AddMessages(enforced.warnings, decision);
  }
  if (!decision.patch.empty()) {
    decision.outcome = Outcome::kPatch;
  } else if (!decision.warnings.empty()) {
    decision.outcome = Outcome::kWarn;
  }
}

void Validate(DoorCase& door_case, Decision& decision) {
  decision.outcome = Outcome::kAllow;
  std::vector<std::string> notes;
  for (JudgedWorkload& workload : door_case.workloads) {
    Judgement judgement = JudgeChange(door_case, workload, notes);
    Append(std::move(judgement.judged), decision.findings);
    decision.found.push_back(std::move(judgement.found));
  }
  SortFindings(decision.findings);
  AddMessages(notes, decision);
  if (AnyDenies(decision.findings)) {
    decision.outcome = Outcome::kDeny;
  } else if (!decision.warnings.empty()) {
    decision.outcome = Outcome::kWarn;
  }
}

}  // namespace tidewaiter
