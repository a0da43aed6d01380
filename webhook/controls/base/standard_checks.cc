// SPDX-License-Identifier: Apache-2.0
//
// The shared halves of checks.
#include "webhook/controls/base/standard_checks.h"

#include <algorithm>
#include <string>
#include <vector>

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
  const std::vector<std::string_view>& add = container.security_context->capabilities->add;
  for (std::size_t i = 0; i < add.size(); ++i) {
    if (IsAllowed(add[i], allowed, 0)) continue;
    findings.push_back(
        ContainerFinding(container, StrCat("/securityContext/capabilities/add/", i),
                         StrCat("must not include ", Quoted(add[i]), " in securityContext.capabilities.add"),
                         "securityContext: {capabilities: {add: []}}"));
  }
}

void CheckProcMounts(const Pod& pod, Findings& findings) {
  for (const Container& container : pod.containers) {
    if (!container.security_context.has_value()) continue;
    const std::optional<std::string_view>& proc_mount = container.security_context->proc_mount;
    if (!proc_mount.has_value() || *proc_mount == "Default") continue;
    findings
        .emplace_back(ContainerFinding(container, "/securityContext/procMount",
                                       StrCat("must not set securityContext.procMount=", Quoted(*proc_mount)),
                                       "securityContext: {procMount: Default}"))
        .fix = R"("Default")";
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

bool IsAllowedSeccompProfile(const LocalProfile& profile) {
  return profile.type == "RuntimeDefault" || profile.type == "Localhost";
}

void CheckSeccompProfiles(const Pod& pod, Findings& findings) {
  ForEachSetting(pod, &PodSecurityContext::seccomp_profile, &SecurityContext::seccomp_profile,
                 [&](const SecurityContextOwner& owner, const LocalProfile& profile) {
                   if (IsAllowedSeccompProfile(profile)) return;
                   Finding& finding = findings.emplace_back(owner.MakeFinding(
                       "/securityContext/seccompProfile/type",
                       StrCat("must not set securityContext.seccompProfile.type=", Quoted(profile.type.value_or(""))),
                       "securityContext: {seccompProfile: {type: RuntimeDefault}}"));
                   finding.identity = kSeccompIdentity;
                   finding.badness = 1;
                   finding.fix = R"("RuntimeDefault")";
                 });
}

}  // namespace tidewaiter
