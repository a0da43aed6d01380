// SPDX-License-Identifier: Apache-2.0
//
// No ports for remote shells and debuggers
//
// Requirement: containers do not offer what is meant for a developer's own machine, or a way in beside the API server.
//
// Fields:   spec.{containers,initContainers}[*].ports[*].{containerPort,hostPort}. What a container listens on without
//           saying so is not seen.
// Allowed:  every port that is not in `ports`. Ephemeral containers are not judged: the API server refuses ports on
//           them.
// Settings: ports (numbers and ranges). The default is remote shells and desktops (SSH 22, telnet 23, RDP 3389, VNC
//           5900 to 5903), Docker without and with TLS (2375, 2376), and debuggers (Go Delve 2345, Java 5005, Python
//           debugpy 5678, Node 9229). Where databases are not to run, add theirs:
//           1433, 1521, 3306, 5432, 6379, 9042, 9200, 11211, 27017.
// Injects:  nothing.
// Source:   IANA Service Name and Transport Protocol Port Number Registry, and each debugger's documentation; CWE-489
//           (active debug code)
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/integer_ranges.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr PortRange Port(std::int64_t port) { return {.min = port, .max = port}; }

struct DeniedPortsSettings {
  std::vector<PortRange> ports = {Port(22),   Port(23),   Port(2345), Port(2375),   Port(2376),
                                  Port(3389), Port(5005), Port(5678), {5900, 5903}, Port(9229)};

  static const SettingsSchema<DeniedPortsSettings>& Schema() {
    using S = DeniedPortsSettings;
    static const SettingsSchema<S> schema = {
        SettingField<S>("ports", &S::ports, "ports that may not be used, as numbers or {min, max}")
            .NotEmpty("must hold at least one port"),
    };
    return schema;
  }
};

void CheckDeniedPorts(const Pod& pod, const DeniedPortsSettings& settings, Findings& findings) {
  for (const Container& container : pod.containers) {
    for (std::size_t i = 0; i < container.ports.size(); ++i) {
      const ContainerPort& port = container.ports[i];
      const auto check = [&](std::string_view field, std::int64_t number) {
        if (!Contains(settings.ports, number)) return;
        findings.push_back(ContainerFinding(container, StrCat("/ports/", i, "/", field),
                                            StrCat("must not set ", field, "=", number, ": that port is denied"),
                                            StrCat("ports: [{", field, ": <another port>}]")));
      };
      // Ports are counted from 1. With hostNetwork the API server makes hostPort the same, which is said once.
      check("containerPort", port.container_port.value_or(0));
      if (port.host_port != port.container_port) check("hostPort", port.host_port.value_or(0));
    }
  }
}

}  // namespace

const Control& DeniedPortsControl() {
  static const Control control = MakeControl<DeniedPortsSettings, CheckDeniedPorts>({
      .id = "denied-ports",
      .summary = "Containers must not offer ports of remote shells, debuggers and whatever else the policy denies.",
      .level = "recommended",
      .source = "CWE-489 (active debug code); IANA port number registry",
      .fields = {"spec.containers[*].ports[*].containerPort", "spec.containers[*].ports[*].hostPort"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
