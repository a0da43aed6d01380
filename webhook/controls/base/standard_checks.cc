// SPDX-License-Identifier: Apache-2.0
//
// The shared halves of checks.
#include "webhook/controls/base/standard_checks.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "webhook/controls/base/security_contexts.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

bool IsAllowed(std::string_view value, std::span<const AllowedValue> allowed, int minor) {
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const AllowedValue& one) { return one.value == value && one.since_minor <= minor; });
}

void CheckAddedCapabilities(const Container& container, std::span<const AllowedValue> allowed, Findings& findings) {
  if (!container.security_context.has_value() || !container.security_context->capabilities.has_value()) return;
  std::set<std::string> kept;
  std::vector<std::string> forbidden;
  for (const std::string& capability : container.security_context->capabilities->add) {
    if (IsAllowed(capability, allowed, 0)) {
      kept.insert(capability);
    } else {
      forbidden.push_back(capability);
    }
  }
  if (forbidden.empty()) return;
  findings.push_back(
      ContainerFinding(container, "/securityContext/capabilities/add",
                       StrCat("must not include ", QuotedList(forbidden), " in securityContext.capabilities.add"),
                       StrCat("securityContext: {capabilities: {add: [", absl::StrJoin(kept, ", "), "]}}")));
}

void CheckProcMounts(const Pod& pod, Findings& findings) {
  for (const Container& container : pod.containers) {
    if (!container.security_context.has_value()) continue;
    const std::optional<std::string>& proc_mount = container.security_context->proc_mount;
    if (!proc_mount.has_value() || *proc_mount == "Default") continue;
    findings.push_back(ContainerFinding(container, "/securityContext/procMount",
                                        StrCat("must not set securityContext.procMount=", Quoted(*proc_mount)),
                                        "securityContext: {procMount: Default}"));
  }
}

void CheckUserZero(const Pod& pod, Findings& findings) {
  ForEachSetting(
      pod, &PodSecurityContext::run_as_user, &SecurityContext::run_as_user,
      [&](const SecurityContextOwner& owner, std::int64_t user) {
        if (user != 0) return;
        findings.push_back(owner.MakeFinding("/securityContext/runAsUser", "must not set securityContext.runAsUser=0",
                                             "securityContext: {runAsUser: 1000}"));
      });
}

void CheckSeccompProfiles(const Pod& pod, Findings& findings) {
  ForEachSetting(pod, &PodSecurityContext::seccomp_profile, &SecurityContext::seccomp_profile,
                 [&](const SecurityContextOwner& owner, const LocalProfile& profile) {
                   if (profile.type == "RuntimeDefault" || profile.type == "Localhost") return;
                   findings.push_back(owner.MakeFinding(
                       "/securityContext/seccompProfile/type",
                       StrCat("must not set securityContext.seccompProfile.type=", Quoted(profile.type.value_or(""))),
                       "securityContext: {seccompProfile: {type: RuntimeDefault}}"));
                 });
}

}  // namespace tidewaiter
