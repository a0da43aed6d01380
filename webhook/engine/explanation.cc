// SPDX-License-Identifier: Apache-2.0
//
// Watches the door, and does once more, on copies, what it does.
#include "webhook/engine/explanation.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "webhook/engine/doors.h"
#include "webhook/engine/injector.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

void Take(InjectionResult result, std::vector<Injection>& changes) {
  changes.insert(changes.end(), std::make_move_iterator(result.injections.begin()),
                 std::make_move_iterator(result.injections.end()));
}

class Watcher : public DoorWatcher {
 public:
  explicit Watcher(Explanation& explanation) : explanation_(explanation) {}

  void OnDoor(const DoorCase& door_case) override {
    is_reached_ = true;
    explanation_.only_resources = door_case.request.subresource == "resize";
    for (const JudgedWorkload& workload : door_case.workloads) {
      explanation_.workloads.push_back(ExplainWorkload(door_case, workload));
    }
  }
  bool is_reached() const { return is_reached_; }

 private:
  static PolicyStanding StandingOf(const DoorCase& door_case, const ActivePolicy& active, const Workload& workload) {
    PolicyStanding standing;
    standing.policy = active.policy;
    standing.held_back = ExplainHoldingBack(*active.policy, door_case.policy_case, workload.metadata);
    standing.reaches_pods = workload.pod_pointer.empty() || active.policy->match.HoldsForPod(workload.pod.labels);
    for (std::size_t i = 0; i < active.policy->exemptions.size(); ++i) {
      standing.exemptions.push_back({.exemption = &active.policy->exemptions[i],
                                     .reason = ExplainExemption(*active.policy, i, door_case.policy_case, workload)});
    }
    return standing;
  }

  static WorkloadExplanation ExplainWorkload(const DoorCase& door_case, const JudgedWorkload& workload) {
    WorkloadExplanation explained;
    explained.pod_pointer = workload.now.pod_pointer;
    const std::vector<ActivePolicy> policies = Activate(door_case.policies, door_case.policy_case, workload.now);
    std::vector<ActivePolicy> injecting;
    for (const ActivePolicy& active : policies) {
      explained.standings.push_back(StandingOf(door_case, active, workload.now));
      if (explained.standings.back().reaches_pods) injecting.push_back(active);
    }
    const Pod* old_pod = workload.old.has_value() ? &workload.old->pod : nullptr;
    const std::optional<EditScope> scope = FindEditScope(door_case.request, workload.now, old_pod);
    if (!scope.has_value()) return explained;
    Pod pod = workload.now.pod;
    const std::string& pointer = explained.pod_pointer;
    InjectionResult enforced = Inject(injecting, InjectionKind::kEnforced, *scope, pointer, true, pod);
    explained.patch = std::move(enforced.patch);
    explained.notes = std::move(enforced.warnings);
    Take(std::move(enforced), explained.changes);
    InjectionResult would_be = Inject(injecting, InjectionKind::kWouldBe, *scope, pointer, true, pod);
    explained.would_be_patch = std::move(would_be.patch);
    Take(std::move(would_be), explained.changes);
    return explained;
  }

  Explanation& explanation_;
  bool is_reached_ = false;
};

// The labels of the request's objects, as far as they can be read.
std::optional<ObjectMeta> MetadataOf(const std::optional<JsonValue>& object) {
  if (!object.has_value()) return std::nullopt;
  absl::StatusOr<ObjectMeta> metadata = DecodeObjectMeta(*object);
  return metadata.ok() ? std::optional(*std::move(metadata)) : std::nullopt;
}

std::string UnjudgedText(const AdmissionRequest& request, const Explanation& explanation, bool is_reached) {
  if (!explanation.decision.is_allowed()) return {};
  if (request.operation == "DELETE" || request.operation == "CONNECT") {
    return StrCat("operation ", request.operation, " is always allowed");
  }
  if (!is_reached) {
    const bool is_any = std::any_of(explanation.policies.begin(), explanation.policies.end(),
                                    [](const auto& policy) { return policy.reason.answer == MatchAnswer::kApplies; });
    return is_any ? StrCat("subresource ", request.subresource, " is always allowed") : "no policy applies";
  }
  if (!explanation.workloads.empty()) return {};
  return request.operation == "UPDATE" ? "the update changes nothing that is judged"
                                       : "the object holds no pod template";
}

}  // namespace

Explanation Explain(const AdmissionRequest& request, ReviewContext context) noexcept {
  Explanation explanation;
  Watcher watcher(explanation);
  context.watcher = &watcher;
  context.foresees_pods = true;
  explanation.decision = JudgeObject(request, context);
  const std::optional<ObjectMeta> now = MetadataOf(request.object);
  const std::optional<ObjectMeta> old = request.operation == "UPDATE" ? MetadataOf(request.old_object) : std::nullopt;
  const std::string& name_space = explanation.decision.namespace_name;
  const MatchQuestion question{
      .subject = {.namespace_name = name_space, .group = request.kind.group, .kind = request.kind.kind},
      .namespace_labels = context.namespaces == nullptr ? nullptr : context.namespaces->FindLabels(name_space),
      .labels = now.has_value() ? &now->labels : nullptr,
      .old_labels = old.has_value() ? &old->labels : nullptr};
  for (const Policy& policy : context.policies.policies()) {
    explanation.policies.push_back({.policy = &policy, .reason = ExplainMatch(policy, question)});
  }
  explanation.unjudged = UnjudgedText(request, explanation, watcher.is_reached());
  return explanation;
}

}  // namespace tidewaiter
