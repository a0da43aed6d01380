// SPDX-License-Identifier: Apache-2.0
//
// No probes of other hosts
//
// Requirement: probes and lifecycle hooks must ask the Pod itself: the kubelet sends them from the node's network.
//
// Fields:   {httpGet,tcpSocket}.host of spec.{containers,initContainers,ephemeralContainers}[*].{livenessProbe,
//           readinessProbe,startupProbe,lifecycle.postStart,lifecycle.preStop}
// Allowed:  unset, empty. In the standard from v1.34 on.
// Settings: none.
// Injects:  nothing: what is forbidden here was asked for.
// Source:   Pod Security Standards, baseline: "Host Probes / Lifecycle Hooks"
#include <algorithm>

#include "webhook/controls/base/control.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// `field` is the handler's place in the container: "lifecycle/preStop".
void CheckHandler(const Container& container, std::string_view field, const std::optional<Handler>& handler,
                  Findings& findings) {
  if (!handler.has_value()) return;
  const auto forbid_host = [&](std::string_view action, const std::optional<NetworkAction>& network_action) {
    if (!network_action.has_value() || network_action->host.value_or("").empty()) return;
    std::string path(field);
    std::replace(path.begin(), path.end(), '/', '.');
    findings.push_back(
        ContainerFinding(container, StrCat("/", field, "/", action, "/host"),
                         StrCat("must not set ", path, ".", action, ".host=", Quoted(*network_action->host)),
                         StrCat(action, ": {host: \"\"}")));
  };
  forbid_host("httpGet", handler->http_get);
  forbid_host("tcpSocket", handler->tcp_socket);
}

void CheckHostProbes(const Pod& pod, const StandardSettings&, Findings& findings) {
  for (const Container& container : pod.containers) {
    CheckHandler(container, "livenessProbe", container.liveness_probe, findings);
    CheckHandler(container, "readinessProbe", container.readiness_probe, findings);
    CheckHandler(container, "startupProbe", container.startup_probe, findings);
    if (!container.lifecycle.has_value()) continue;
    CheckHandler(container, "lifecycle/postStart", container.lifecycle->post_start, findings);
    CheckHandler(container, "lifecycle/preStop", container.lifecycle->pre_stop, findings);
  }
}

}  // namespace

const Control& HostProbesControl() {
  static const Control control = MakeControl<StandardSettings, CheckHostProbes>({
      .id = "host-probes",
      .summary = "Probes and lifecycle hooks must ask the Pod itself, not another host.",
      .level = "baseline",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline (Host Probes / "
                "Lifecycle Hooks)",
      .fields = {"spec.containers[*].livenessProbe.httpGet.host", "spec.containers[*].livenessProbe.tcpSocket.host",
                 "spec.containers[*].readinessProbe.httpGet.host", "spec.containers[*].readinessProbe.tcpSocket.host",
                 "spec.containers[*].startupProbe.httpGet.host", "spec.containers[*].startupProbe.tcpSocket.host",
                 "spec.containers[*].lifecycle.postStart.httpGet.host",
                 "spec.containers[*].lifecycle.postStart.tcpSocket.host",
                 "spec.containers[*].lifecycle.preStop.httpGet.host",
                 "spec.containers[*].lifecycle.preStop.tcpSocket.host"},
      .injects = "",
      .since_minor = 34,
  });
  return control;
}

}  // namespace tidewaiter
