// SPDX-License-Identifier: Apache-2.0
//
// Probes
//
// Requirement: containers that are to keep running say how the kubelet can tell that they do.
//
// Fields:   spec.containers[*] and sidecars in spec.initContainers[*]: livenessProbe, readinessProbe, startupProbe
// Allowed:  each probe of `require` is there. Init and ephemeral containers are not judged: the API server refuses
//           probes on them. Pods that run to completion (restartPolicy Never or OnFailure, as those of a Job) are not
//           judged unless `jobs` says so: nothing waits for them to be ready.
// Settings: require (default [liveness, readiness]), jobs.
// Injects:  nothing: only the author knows what to ask the program.
// Source:   https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/;
//           KEP-753 for sidecars
#include "webhook/controls/base/control.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct ProbesSettings {
  std::vector<std::string> require = {"liveness", "readiness"};
  bool jobs = false;

  static const SettingsSchema<ProbesSettings>& Schema() {
    using S = ProbesSettings;
    static const SettingsSchema<S> schema = {
        SettingField<S>("require", &S::require, "probes that each container and sidecar must have")
            .NotEmpty("must name at least one probe")
            .OneOf({"liveness", "readiness", "startup"}),
        {"jobs", &S::jobs, "also judge Pods that run to completion (restartPolicy Never or OnFailure)"},
    };
    return schema;
  }
};

const std::optional<Handler>& ProbeOf(const Container& container, std::string_view probe) {
  if (probe == "liveness") return container.liveness_probe;
  return probe == "readiness" ? container.readiness_probe : container.startup_probe;
}

void CheckProbes(const Pod& pod, const ProbesSettings& settings, Findings& findings) {
  const bool runs_to_completion = pod.restart_policy == "Never" || pod.restart_policy == "OnFailure";
  if (runs_to_completion && !settings.jobs) return;
  for (const Container& container : pod.containers) {
    if (container.kind == ContainerKind::kInit || container.kind == ContainerKind::kEphemeral) continue;
    for (const std::string& probe : settings.require) {
      if (ProbeOf(container, probe).has_value()) continue;
      findings.push_back(ContainerFinding(container, StrCat("/", probe, "Probe"), StrCat("must set ", probe, "Probe"),
                                          StrCat(probe, "Probe: {httpGet: {path: /healthz, port: 8080}}")));
    }
  }
}

}  // namespace

const Control& ProbesControl() {
  static const Control control = MakeControl<ProbesSettings, CheckProbes>({
      .id = "probes",
      .summary = "Containers that keep running must have the probes that tell whether they do.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/tasks/configure-pod-container/"
                "configure-liveness-readiness-startup-probes/",
      .fields = {"spec.containers[*].livenessProbe", "spec.containers[*].readinessProbe",
                 "spec.containers[*].startupProbe", "spec.restartPolicy"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
