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

bool Takes(InjectionKind kind, const ActivePolicy& active, const AppliedControl& applied) {
  const bool is_enforced = active.ModeOf(applied) == Mode::kEnforce;
  return applied.control->inject != nullptr && is_enforced == (kind == InjectionKind::kEnforced);
}

// Tells the editor what is exempt from the control; whether anything is.
bool ExemptIn(Editor& editor, const ActivePolicy& active, const Control& control) {
  std::vector<bool> containers;
  bool is_any = false;
  if (!active.exemptions.empty()) {
    for (const Container& container : editor.pod().containers) {
      containers.push_back(active.FindFor(control, container) != nullptr);
      is_any = is_any || containers.back();
    }
  }
  // As in judging: what is the Pod's own is excused where every container is, so that nobody is denied for the want of
  // what an exemption of one container kept from being set.
  const bool is_pod_exempt = active.FindForPod(control, editor.pod()) != nullptr;
  editor.SetExempt(is_any ? std::move(containers) : std::vector<bool>(), is_pod_exempt);
  return is_any || is_pod_exempt;
}

// One control of one policy.
void InjectBy(const ActivePolicy& active, const AppliedControl& applied, std::string_view pod_pointer, Editor& editor,
              InjectionResult& result) {
  const std::size_t before = editor.changes().size();
  const std::size_t warnings_before = editor.warnings().size();
  applied.control->inject(applied.settings.get(), editor);
  for (std::size_t i = before; i < editor.changes().size(); ++i) {
    const Change& change = editor.changes()[i];
    result.injections.push_back({.policy = active.policy->name,
                                 .control = applied.control->info.id,
                                 .mode = active.ModeOf(applied),
                                 .pointer = StrCat(pod_pointer, change.pointer),
                                 .value = change.value});
  }
  for (std::size_t i = warnings_before; i < editor.warnings().size(); ++i) {
    result.warnings.push_back(
        StrCat(editor.warnings()[i], " [", active.policy->name, "/", applied.control->info.id, "]"));
  }
}

void InjectByEach(const std::vector<ActivePolicy>& policies, InjectionKind kind, std::string_view pod_pointer,
                  Editor& editor, InjectionResult& result) {
  std::vector<std::size_t> done;  // rules that were applied to all of the Pod: once more changes nothing
  for (const ActivePolicy& active : policies) {
    for (const AppliedControl& applied : active.policy->controls) {
      if (!Takes(kind, active, applied)) continue;
      if (std::find(done.begin(), done.end(), applied.rule) != done.end()) continue;
      if (!ExemptIn(editor, active, *applied.control)) done.push_back(applied.rule);
      InjectBy(active, applied, pod_pointer, editor, result);
    }
  }
}

bool HasContainer(const Pod& pod, std::string_view name) {
  return std::any_of(pod.containers.begin(), pod.containers.end(),
                     [&](const Container& container) { return container.name == name; });
}

}  // namespace

std::vector<std::string> NewEphemeralContainers(const Pod& pod, const Pod& old_pod) {
  std::vector<std::string> names;
  for (const Container& container : pod.containers) {
    if (container.kind == ContainerKind::kEphemeral && !HasContainer(old_pod, container.name)) {
      names.emplace_back(container.name);
    }
  }
  return names;
}

std::optional<EditScope> FindEditScope(const AdmissionRequest& request, const Workload& workload, const Pod* old_pod) {
  if (!workload.pod_pointer.empty()) return EditScope{};
  if (workload.pod.is_mirror()) return std::nullopt;
  if (request.operation == "CREATE" && request.subresource.empty()) return EditScope{};
  if (request.subresource != "ephemeralcontainers" || old_pod == nullptr) return std::nullopt;
  return EditScope{.is_new_pod = false, .new_ephemeral_containers = NewEphemeralContainers(workload.pod, *old_pod)};
}

bool HasInjection(const std::vector<ActivePolicy>& policies, InjectionKind kind) {
  return std::any_of(policies.begin(), policies.end(), [&](const ActivePolicy& active) {
    return std::any_of(active.policy->controls.begin(), active.policy->controls.end(),
                       [&](const AppliedControl& applied) { return Takes(kind, active, applied); });
  });
}

InjectionResult Inject(const std::vector<ActivePolicy>& policies, InjectionKind kind, EditScope scope,
                       std::string_view pod_pointer, bool wants_patch, Pod& pod) {
  InjectionResult result;
  Editor editor(pod, std::move(scope), wants_patch);
  InjectByEach(policies, kind, pod_pointer, editor, result);
  // A volume that one control adds is another's to look after, whatever their order.
  if (editor.has_added_volumes()) InjectByEach(policies, kind, pod_pointer, editor, result);
  editor.Finish();
  if (wants_patch) result.patch = BuildJsonPatch(editor.tree(), pod_pointer);
  return result;
}

}  // namespace tidewaiter
