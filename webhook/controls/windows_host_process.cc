// SPDX-License-Identifier: Apache-2.0
//
// No Windows host processes
//
// Requirement: Windows Pods must not run as processes of the node.
//
// Fields:   spec.securityContext.windowsOptions.hostProcess, spec.{containers,initContainers,ephemeralContainers}[*].
//           securityContext.windowsOptions.hostProcess
// Allowed:  unset, false; whatever spec.os.name says.
// Settings: none.
// Injects:  nothing: what is forbidden here was asked for.
// Source:   Pod Security Standards, baseline: "HostProcess"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/security_contexts.h"

namespace tidewaiter {
namespace {

void CheckWindowsHostProcess(const Pod& pod, const StandardSettings&, Findings& findings) {
  ForEachSetting(pod, &PodSecurityContext::windows_options, &SecurityContext::windows_options,
                 [&](const SecurityContextOwner& owner, const WindowsOptions& options) {
                   if (options.host_process != true) return;
                   findings.push_back(owner.MakeFinding("/securityContext/windowsOptions/hostProcess",
                                                        "must not set securityContext.windowsOptions.hostProcess=true",
                                                        "securityContext: {windowsOptions: {hostProcess: false}}"));
                 });
}

}  // namespace

const Control& WindowsHostProcessControl() {
  static const Control control = MakeControl<StandardSettings, CheckWindowsHostProcess>({
      .id = "windows-host-process",
      .summary = "Windows Pods must not run as processes of the node.",
      .level = "baseline",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline (HostProcess)",
      .fields = {"spec.securityContext.windowsOptions.hostProcess",
                 "spec.containers[*].securityContext.windowsOptions.hostProcess"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
