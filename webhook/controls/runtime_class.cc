// SPDX-License-Identifier: Apache-2.0
//
// Runtime classes
//
// Requirement: Pods run in a runtime that the policy names, such as one with a kernel of its own (gVisor, Kata).
//
// Fields:   spec.runtimeClassName; it holds for every container of the Pod
// Allowed:  a name that matches one of `allowed` and none of `denied`; unset unless `required`, which it is by default:
//           unset is the node's own runtime. Mirror Pods are not judged: the node's own files say theirs.
// Settings: allowed (globs, empty allows all), denied (globs, win over allowed), required.
// Injects:  nothing: the API server adds a class's overhead and node selector before webhooks run, and which class a
//           program can run under is the author's to say.
// Source:   https://kubernetes.io/docs/concepts/containers/runtime-class/
#include "webhook/controls/base/class_names.h"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"

namespace tidewaiter {
namespace {

struct RuntimeClassSettings {
  std::vector<std::string> allowed;
  std::vector<std::string> denied;
  bool required = true;

  static const SettingsSchema<RuntimeClassSettings>& Schema() {
    using S = RuntimeClassSettings;
    static const SettingsSchema<S> schema = {
        CheckedField("allowed", &S::allowed, "globs of classes; empty allows all", CheckGlob),
        CheckedField("denied", &S::denied, "globs of classes that are never allowed", CheckGlob),
        {"required", &S::required, "also forbid to leave it unset"},
    };
    return schema;
  }
};

void CheckRuntimeClass(const Pod& pod, const RuntimeClassSettings& settings, Findings& findings) {
  if (pod.is_mirror()) return;
  CheckClassName("runtimeClassName", pod.runtime_class_name, {settings.allowed, settings.denied, settings.required},
                 findings);
}

}  // namespace

const Control& RuntimeClassControl() {
  static const Control control = MakeControl<RuntimeClassSettings, CheckRuntimeClass>({
      .id = "runtime-class",
      .summary = "Pods must run in a runtime that the policy names.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/containers/runtime-class/",
      .fields = {"spec.runtimeClassName"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
