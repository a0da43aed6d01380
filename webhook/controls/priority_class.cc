// SPDX-License-Identifier: Apache-2.0
//
// Priority classes
//
// Requirement: Pods take no priority that is not theirs: one of a high priority evicts others from their nodes.
//
// Fields:   spec.priorityClassName; it holds for every container of the Pod
// Allowed:  a name that matches one of `allowed` and none of `denied`; unset, unless `required`. Mirror Pods are not
//           judged: the node's own files say theirs.
// Settings: allowed (globs, empty allows all), denied (globs, win over allowed; default [system-*], the classes of the
//           cluster's own components), required.
// Injects:  nothing: the API server has made the default class of the cluster of an unset one before webhooks see it.
// Source:   https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ (warning on malicious
//           users)
#include "webhook/controls/base/class_names.h"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"

namespace tidewaiter {
namespace {

struct PriorityClassSettings {
  std::vector<std::string> allowed;
  std::vector<std::string> denied = {"system-*"};
  bool required = false;

  static const SettingsSchema<PriorityClassSettings>& Schema() {
    using S = PriorityClassSettings;
    static const SettingsSchema<S> schema = {
        CheckedField("allowed", &S::allowed, "globs of classes; empty allows all", CheckGlob),
        CheckedField("denied", &S::denied, "globs of classes that are never allowed", CheckGlob),
        {"required", &S::required, "also forbid to leave it unset"},
    };
    return schema;
  }
};

void CheckPriorityClass(const Pod& pod, const PriorityClassSettings& settings, Findings& findings) {
  if (pod.is_mirror()) return;
  CheckClassName("priorityClassName", pod.priority_class_name, {settings.allowed, settings.denied, settings.required},
                 findings);
}

}  // namespace

const Control& PriorityClassControl() {
  static const Control control = MakeControl<PriorityClassSettings, CheckPriorityClass>({
      .id = "priority-class",
      .summary = "Pods must take no priority but what the policy allows.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/",
      .fields = {"spec.priorityClassName"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
