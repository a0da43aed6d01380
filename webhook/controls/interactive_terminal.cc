// SPDX-License-Identifier: Apache-2.0
//
// No open terminals
//
// Requirement: containers keep no standard input and no terminal open for someone to attach to.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].{stdin,tty}
// Allowed:  unset, false. Ephemeral containers are not judged unless `ephemeral` says so: kubectl debug -it makes them
//           for a person at a terminal.
// Settings: ephemeral.
// Injects:  nothing.
// Source:   https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#debugging (stdin, tty)
#include "webhook/controls/base/control.h"

namespace tidewaiter {
namespace {

struct InteractiveTerminalSettings {
  bool ephemeral = false;

  static const SettingsSchema<InteractiveTerminalSettings>& Schema() {
    using S = InteractiveTerminalSettings;
    static const SettingsSchema<S> schema = {
        {"ephemeral", &S::ephemeral, "also judge ephemeral containers, which kubectl debug makes interactive"},
    };
    return schema;
  }
};

void CheckInteractiveTerminal(const Pod& pod, const InteractiveTerminalSettings& settings, Findings& findings) {
  for (const Container& container : pod.containers) {
    if (container.kind == ContainerKind::kEphemeral && !settings.ephemeral) continue;
    if (container.stdin_open == true) {
      findings.emplace_back(ContainerFinding(container, "/stdin", "must not set stdin=true", "stdin: false")).fix =
          "false";
    }
    if (container.tty == true) {
      findings.emplace_back(ContainerFinding(container, "/tty", "must not set tty=true", "tty: false")).fix = "false";
    }
  }
}

}  // namespace

const Control& InteractiveTerminalControl() {
  static const Control control = MakeControl<InteractiveTerminalSettings, CheckInteractiveTerminal>({
      .id = "interactive-terminal",
      .summary = "Containers must keep no standard input and no terminal open.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#debugging",
      .fields = {"spec.containers[*].stdin", "spec.containers[*].tty"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
