// SPDX-License-Identifier: Apache-2.0
//
// No host ports
//
// Requirement: containers must not listen on ports of the node.
//
// Fields:   spec.{containers,initContainers,ephemeralContainers}[*].ports[*].hostPort; with spec.hostNetwork=true also
//           .ports[*].containerPort of all but ephemeral containers, which the API server makes the hostPort of a Pod
//           where none is set (core/v1 SetDefaults_Pod), and which a manifest or template therefore leaves out
// Allowed:  unset, 0.
// Settings: none.
// Injects:  nothing: what is forbidden here was asked for.
// Source:   Pod Security Standards, baseline: "Host Ports"
#include "webhook/controls/base/control.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

void CheckHostPorts(const Pod& pod, const StandardSettings&, Findings& findings) {
  for (const Container& container : pod.containers) {
    const bool is_host_network = pod.host_network == true && container.kind != ContainerKind::kEphemeral;
    for (std::size_t i = 0; i < container.ports.size(); ++i) {
      const ContainerPort& port = container.ports[i];
      const std::int64_t own = port.host_port.value_or(0);
      const std::int64_t host_port = own == 0 && is_host_network ? port.container_port.value_or(0) : own;
      if (host_port == 0) continue;
      const std::string what = StrCat("must not use hostPort ", host_port);
      Finding& finding = findings.emplace_back(ContainerFinding(
          container, StrCat("/ports/", i, "/hostPort"),
          StrCat(what, own == 0 ? " (its containerPort, by hostNetwork=true)" : ""),
          own == 0 ? "hostNetwork: false" : StrCat("ports: [{containerPort: ", port.container_port.value_or(0), "}]")));
      finding.identity = what;
    }
  }
}

}  // namespace

const Control& HostPortsControl() {
  static const Control control = MakeControl<StandardSettings, CheckHostPorts>({
      .id = "host-ports",
      .summary = "Containers must not listen on ports of the node.",
      .level = "baseline",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline (Host Ports)",
      .fields = {"spec.containers[*].ports[*].hostPort", "spec.containers[*].ports[*].containerPort",
                 "spec.hostNetwork"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
