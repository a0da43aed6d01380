// SPDX-License-Identifier: Apache-2.0
//
// AppArmor profiles
//
// Requirement: Pods must not turn the runtime's AppArmor profile off, nor set one that is not theirs.
//
// Fields:   spec.securityContext.appArmorProfile.type, spec.{containers,initContainers,ephemeralContainers}[*].
//           securityContext.appArmorProfile.type, and what came before it:
//           metadata.annotations["container.apparmor.security.beta.kubernetes.io/*"]
// Allowed:  no profile; type RuntimeDefault or Localhost. Of the annotation: unset, empty, runtime/default,
// localhost/*. Settings: none. Injects:  nothing: without a profile the runtime applies its own where the node has
// AppArmor. Source:   Pod Security Standards, baseline: "AppArmor"
#include <algorithm>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/security_contexts.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kAnnotationPrefix = "container.apparmor.security.beta.kubernetes.io/";

bool IsAllowedAppArmorProfile(std::string_view value) {
  return value.empty() || value == "runtime/default" || value.starts_with("localhost/");
}

void CheckAppArmorProfile(const Pod& pod, const StandardSettings&, Findings& findings) {
  // No bad profile is worse than another, and an annotation that becomes a field is no new violation.
  constexpr char kIdentity[] = "appArmorProfile";
  ForEachSetting(pod, &PodSecurityContext::app_armor_profile, &SecurityContext::app_armor_profile,
                 [&](const SecurityContextOwner& owner, const LocalProfile& profile) {
                   if (profile.type == "RuntimeDefault" || profile.type == "Localhost") return;
                   Finding& finding = findings.emplace_back(owner.MakeFinding(
                       "/securityContext/appArmorProfile/type",
                       StrCat("must not set securityContext.appArmorProfile.type=", Quoted(profile.type.value_or(""))),
                       "securityContext: {appArmorProfile: {type: RuntimeDefault}}"));
                   finding.identity = kIdentity;
                   finding.fix = R"("RuntimeDefault")";
                 });
  for (const auto& [key, value] : pod.annotations) {
    if (!key.starts_with(kAnnotationPrefix) || IsAllowedAppArmorProfile(value)) continue;
    const std::string_view name = key.substr(kAnnotationPrefix.size());
    const auto found = std::find_if(pod.containers.begin(), pod.containers.end(),
                                    [&](const Container& one) { return one.name == name; });
    const Container* container = found == pod.containers.end() ? nullptr : &*found;
    Finding& finding = findings.emplace_back(AnnotationFinding(container, key, value, "runtime/default"));
    if (container != nullptr) finding.identity = kIdentity;
  }
}

}  // namespace

const Control& AppArmorProfileControl() {
  static const Control control = MakeControl<StandardSettings, CheckAppArmorProfile>({
      .id = "app-armor-profile",
      .summary = "Pods must not turn the runtime's AppArmor profile off.",
      .level = "baseline",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline (AppArmor)",
      .fields = {"spec.securityContext.appArmorProfile.type", "spec.containers[*].securityContext.appArmorProfile.type",
                 "metadata.annotations[container.apparmor.security.beta.kubernetes.io/*]"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
