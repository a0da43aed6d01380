// SPDX-License-Identifier: Apache-2.0
//
// No sockets of the container runtime
//
// Requirement: no Pod gets hold of a socket of the node's container runtime: who can talk to it starts any container
//              with any right.
//
// Fields:   spec.volumes[*].hostPath.path; any container can mount a volume of the Pod
// Allowed:  a path that is none of `sockets` and holds none of them: /run, /var/run and / do. Paths are compared as one
//           spelling each: without '..' and doubled or trailing '/', /var/run as /run, Windows pipes whatever the case.
// Settings: sockets.
// Injects:  nothing.
// Source:   https://kubernetes.io/docs/concepts/storage/volumes/#hostpath (warning); NSA/CISA Kubernetes Hardening
//           Guide, "Pod security enforcement" (allowedHostPaths)
#include <algorithm>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/paths.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct ContainerRuntimeSocketsSettings {
  std::vector<std::string> sockets = {
      "/run/buildkit/buildkitd.sock",
      "/run/containerd/containerd.sock",
      "/run/cri-dockerd.sock",
      "/run/crio/crio.sock",
      "/run/docker.sock",
      "/run/dockershim.sock",
      "/run/k0s/containerd.sock",
      "/run/k3s/containerd/containerd.sock",
      "/run/podman/podman.sock",
      "/var/snap/microk8s/common/run/containerd.sock",
      R"(\\.\pipe\containerd-containerd)",
      R"(\\.\pipe\docker_engine)",
  };

  static const SettingsSchema<ContainerRuntimeSocketsSettings>& Schema() {
    using S = ContainerRuntimeSocketsSettings;
    static const SettingsSchema<S> schema = {
        CheckedField("sockets", &S::sockets, "paths of sockets and Windows pipes that no Pod may reach",
                     CheckNodePaths),
    };
    return schema;
  }
};

void CheckContainerRuntimeSockets(const Pod& pod, const ContainerRuntimeSocketsSettings& settings, Findings& findings) {
  for (std::size_t i = 0; i < pod.volumes.size(); ++i) {
    const Volume& volume = pod.volumes[i];
    if (!volume.host_path.has_value()) continue;
    const std::string_view given = volume.host_path->path.value_or("");
    const std::string path = NormalNodePath(given);
    const auto socket = std::find_if(settings.sockets.begin(), settings.sockets.end(), [&](const std::string& known) {
      return IsSameOrBelow(NormalNodePath(known), path);
    });
    if (socket == settings.sockets.end()) continue;
    const bool is_itself = NormalNodePath(*socket) == path;
    findings.push_back(VolumeFinding(
        volume, i, "/hostPath/path",
        StrCat("must not use hostPath ", Quoted(given), ": it ",
               is_itself ? std::string("is a socket of the container runtime") : StrCat("holds ", *socket)),
        "emptyDir: {}"));
  }
}

}  // namespace

const Control& ContainerRuntimeSocketsControl() {
  static const Control control = MakeControl<ContainerRuntimeSocketsSettings, CheckContainerRuntimeSockets>({
      .id = "container-runtime-sockets",
      .summary = "No Pod may get hold of a socket of the node's container runtime.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/storage/volumes/#hostpath",
      .fields = {"spec.volumes[*].hostPath.path"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
