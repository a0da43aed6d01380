// SPDX-License-Identifier: Apache-2.0
//
// Safe sysctls
//
// Requirement: Pods must set no kernel parameters but those that cannot reach beyond the Pod.
//
// Fields:   spec.securityContext.sysctls[*].name. They are the Pod's: no container kind has its own.
// Allowed:  the names of the list below, spelt exactly so; some only in later versions.
// Settings: none.
// Injects:  nothing: what is forbidden here was asked for.
// Source:   Pod Security Standards, baseline: "Sysctls"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/standard_checks.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr AllowedValue kAllowedSysctls[] = {
    {"kernel.shm_rmid_forced"},
    {"net.ipv4.ip_local_port_range"},
    {"net.ipv4.tcp_syncookies"},
    {"net.ipv4.ping_group_range"},
    {"net.ipv4.ip_unprivileged_port_start"},
    {"net.ipv4.ip_local_reserved_ports", 27},
    {"net.ipv4.tcp_keepalive_time", 29},
    {"net.ipv4.tcp_fin_timeout", 29},
    {"net.ipv4.tcp_keepalive_intvl", 29},
    {"net.ipv4.tcp_keepalive_probes", 29},
    {"net.ipv4.tcp_rmem", 32},
    {"net.ipv4.tcp_wmem", 32},
    {"net.ipv4.tcp_slow_start_after_idle", 37},
    {"net.ipv4.tcp_notsent_lowat", 37},
};

void CheckSysctls(const Pod& pod, const StandardSettings& settings, Findings& findings) {
  if (!pod.security_context.has_value()) return;
  const std::vector<Sysctl>& sysctls = pod.security_context->sysctls;
  for (std::size_t i = 0; i < sysctls.size(); ++i) {
    if (IsAllowed(sysctls[i].name, kAllowedSysctls, settings.minor)) continue;
    findings.push_back(PodFinding(StrCat("/spec/securityContext/sysctls/", i, "/name"),
                                  StrCat("must not set sysctl ", Quoted(sysctls[i].name)),
                                  "securityContext: {sysctls: []}"));
  }
}

}  // namespace

const Control& SysctlsControl() {
  static const Control control = MakeControl<StandardSettings, CheckSysctls>({
      .id = "sysctls",
      .summary = "Pods must set no kernel parameters but those that cannot reach beyond the Pod.",
      .level = "baseline",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline (Sysctls)",
      .fields = {"spec.securityContext.sysctls[*].name"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
