// SPDX-License-Identifier: Apache-2.0
//
// No privileged ports
//
// Requirement: containers do not listen below port 1024, which takes root or the capability NET_BIND_SERVICE on many
//              nodes. A Service can still offer port 80.
//
// Fields:   spec.{containers,initContainers}[*].ports[*].containerPort. What a container listens on without saying so
//           is not seen.
// Allowed:  1024 and above; ports of `allowed`. Ephemeral containers are not judged: the API server refuses ports on
//           them. What the Pod opens on its node (hostPort) is the control host-ports' matter.
// Settings: allowed (ports and ranges).
// Injects:  nothing.
// Source:   https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service; Linux
//           ip_unprivileged_port_start, 1024 by default
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/integer_ranges.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct PrivilegedPortsSettings {
  std::vector<PortRange> allowed;

  static const SettingsSchema<PrivilegedPortsSettings>& Schema() {
    using S = PrivilegedPortsSettings;
    static const SettingsSchema<S> schema = {
        {"allowed", &S::allowed, "ports below 1024 that may be used all the same, as numbers or {min, max}"},
    };
    return schema;
  }
};

constexpr std::int64_t kFirstUnprivileged = 1024;

void CheckPrivilegedPorts(const Pod& pod, const PrivilegedPortsSettings& settings, Findings& findings) {
  for (const Container& container : pod.containers) {
    for (std::size_t i = 0; i < container.ports.size(); ++i) {
      const std::int64_t port = container.ports[i].container_port.value_or(kFirstUnprivileged);
      if (port >= kFirstUnprivileged || Contains(settings.allowed, port)) continue;
      findings.push_back(ContainerFinding(container, StrCat("/ports/", i, "/containerPort"),
                                          StrCat("must not set containerPort=", port, ": below 1024 is privileged"),
                                          "ports: [{containerPort: 8080}]"));
    }
  }
}

}  // namespace

const Control& PrivilegedPortsControl() {
  static const Control control = MakeControl<PrivilegedPortsSettings, CheckPrivilegedPorts>({
      .id = "privileged-ports",
      .summary = "Containers must not listen on ports below 1024.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service",
      .fields = {"spec.containers[*].ports[*].containerPort"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
