// SPDX-License-Identifier: Apache-2.0
//
// Required labels
//
// Requirement: Pods carry the labels that the policy asks for, so that owners, costs and network
//              policies can be told by them.
//
// Fields:   metadata.labels of the Pod, in a workload those of its pod template; containers have none
// Allowed:  each key of `required` with a value that fits one of its globs; with any value but the empty one where
//           there are no globs.
// Settings: required (key to globs).
// Injects:  nothing: which value is right is the author's to say.
// Source:   https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/required_metadata.h"

namespace tidewaiter {
namespace {

struct RequiredLabelsSettings {
  RequiredMetadata required;

  static const SettingsSchema<RequiredLabelsSettings>& Schema() {
    using S = RequiredLabelsSettings;
    static const SettingsSchema<S> schema = {
        CheckedField("required", &S::required, "label keys, each with globs of its values; [] for any value",
                     CheckRequiredMetadata)
            .Required(),
    };
    return schema;
  }
};

void CheckRequiredLabels(const Pod& pod, const RequiredLabelsSettings& settings, Findings& findings) {
  CheckMetadata(pod.labels, "label", settings.required, findings);
}

}  // namespace

const Control& RequiredLabelsControl() {
  static const Control control = MakeControl<RequiredLabelsSettings, CheckRequiredLabels>({
      .id = "required-labels",
      .summary = "Pods must carry the labels that the policy asks for.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/",
      .fields = {"metadata.labels"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
