// SPDX-License-Identifier: Apache-2.0
//
// No host namespaces
//
// Requirement: Pods must not share the network, the processes or the IPC of the node.
//
// Fields:   spec.hostNetwork, spec.hostPID, spec.hostIPC. They are the Pod's: no container kind has its own.
// Allowed:  unset, false.
// Settings: none.
// Injects:  nothing: what is forbidden here was asked for.
// Source:   Pod Security Standards, baseline: "Host Namespaces"
#include "webhook/controls/base/control.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

void CheckHostNamespaces(const Pod& pod, const StandardSettings&, Findings& findings) {
  const auto forbid = [&](std::string_view field, const std::optional<bool>& value) {
    if (value != true) return;
    findings
        .emplace_back(
            PodFinding(StrCat("/spec/", field), StrCat("must not set ", field, "=true"), StrCat(field, ": false")))
        .fix = "false";
  };
  forbid("hostNetwork", pod.host_network);
  forbid("hostPID", pod.host_pid);
  forbid("hostIPC", pod.host_ipc);
}

}  // namespace

const Control& HostNamespacesControl() {
  static const Control control = MakeControl<StandardSettings, CheckHostNamespaces>({
      .id = "host-namespaces",
      .summary = "Pods must not share the network, the processes or the IPC of the node.",
      .level = "baseline",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline (Host Namespaces)",
      .fields = {"spec.hostNetwork", "spec.hostPID", "spec.hostIPC"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
