// SPDX-License-Identifier: Apache-2.0
//
// Decides what may be edited, then lets each control edit.
#include "webhook/engine/injector.h"

#include <algorithm>
#include <utility>

#include "webhook/engine/json_patch.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

bool Takes(InjectionKind kind, const AppliedControl& applied) {
  return applied.control->inject != nullptr && (applied.mode == Mode::kEnforce) == (kind == InjectionKind::kEnforced);
}

bool HasContainer(const Pod& pod, std::string_view name) {
  return std::any_of(pod.containers.begin(), pod.containers.end(),
                     [&](const Container& container) { return container.name == name; });
}

}  // namespace

std::optional<EditScope> FindEditScope(const AdmissionRequest& request, const Workload& workload, const Pod* old_pod) {
  if (!workload.pod_pointer.empty()) return EditScope{};
  if (workload.pod.is_mirror()) return std::nullopt;
  if (request.operation == "CREATE" && request.subresource.empty()) return EditScope{};
  if (request.subresource != "ephemeralcontainers" || old_pod == nullptr) return std::nullopt;
  EditScope scope{.is_new_pod = false, .new_ephemeral_containers = {}};
  for (const Container& container : workload.pod.containers) {
    if (container.kind == ContainerKind::kEphemeral && !HasContainer(*old_pod, container.name)) {
      scope.new_ephemeral_containers.push_back(container.name);
    }
  }
  return scope;
}

bool HasInjection(const std::vector<const Policy*>& policies, InjectionKind kind) {
  return std::any_of(policies.begin(), policies.end(), [&](const Policy* policy) {
    return std::any_of(policy->controls.begin(), policy->controls.end(),
                       [&](const AppliedControl& applied) { return Takes(kind, applied); });
  });
}

InjectionResult Inject(const std::vector<const Policy*>& policies, InjectionKind kind, EditScope scope,
                       std::string_view pod_pointer, Pod& pod) {
  InjectionResult result;
  Editor editor(pod, std::move(scope));
  for (const Policy* policy : policies) {
    for (const AppliedControl& applied : policy->controls) {
      if (!Takes(kind, applied)) continue;
      const std::size_t before = editor.changes().size();
      const std::size_t warnings_before = editor.warnings().size();
      applied.control->inject(applied.settings.get(), editor);
      for (std::size_t i = before; i < editor.changes().size(); ++i) {
        const Change& change = editor.changes()[i];
        result.injections.push_back({.policy = policy->name,
                                     .control = std::string(applied.control->info.id),
                                     .mode = applied.mode,
                                     .pointer = StrCat(pod_pointer, change.pointer),
                                     .value = change.value});
      }
      for (std::size_t i = warnings_before; i < editor.warnings().size(); ++i) {
        result.warnings.push_back(StrCat(editor.warnings()[i], " [", policy->name, "/", applied.control->info.id, "]"));
      }
    }
  }
  result.patch = BuildJsonPatch(editor.tree(), pod_pointer);
  return result;
}

}  // namespace tidewaiter
