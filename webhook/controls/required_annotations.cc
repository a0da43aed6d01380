// SPDX-License-Identifier: Apache-2.0
//
// Required annotations
//
// Requirement: Pods carry the annotations that the policy asks for, such as who answers for
//              it and where its runbook is.
//
// Fields:   metadata.annotations of the Pod, in a workload those of its pod template; containers have none
// Allowed:  each key of `required` with a value that fits one of its globs; with any value but the empty one where
//           there are no globs.
// Settings: required (key to globs).
// Injects:  nothing: which value is right is the author's to say.
// Source:   https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/required_metadata.h"

namespace tidewaiter {
namespace {

struct RequiredAnnotationsSettings {
  RequiredMetadata required;

  static const SettingsSchema<RequiredAnnotationsSettings>& Schema() {
    using S = RequiredAnnotationsSettings;
    static const SettingsSchema<S> schema = {
        CheckedField("required", &S::required, "annotation keys, each with globs of its values; [] for any value",
                     CheckRequiredMetadata)
            .Required(),
    };
    return schema;
  }
};

void CheckRequiredAnnotations(const Pod& pod, const RequiredAnnotationsSettings& settings, Findings& findings) {
  CheckMetadata(pod.annotations, "annotation", settings.required, findings);
}

}  // namespace

const Control& RequiredAnnotationsControl() {
  static const Control control = MakeControl<RequiredAnnotationsSettings, CheckRequiredAnnotations>({
      .id = "required-annotations",
      .summary = "Pods must carry the annotations that the policy asks for.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/",
      .fields = {"metadata.annotations"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
