// SPDX-License-Identifier: Apache-2.0
//
// A seccomp profile
//
// Requirement: containers must run under a seccomp profile.
//
// Fields:   spec.securityContext.seccompProfile.type, spec.{containers,initContainers,ephemeralContainers}[*].
//           securityContext.seccompProfile.type
// Allowed:  RuntimeDefault, Localhost; a container may leave it unset when the Pod sets one of them.
//           Pods with spec.os.name=windows are not judged (from v1.25): the API server refuses the field there.
// Settings: inject.
// Injects:  type RuntimeDefault where neither the Pod nor the container has a profile. Into the Pod when no container
//           has its own or is exempt: one field, which also covers the container that is attached for debugging later.
//           Otherwise into each container that has none, since who sets profiles container by container is not to find
//           one more that stands above them all; likewise into a new ephemeral container of a running Pod.
//           A profile that is there is never changed. Never on Windows.
// Source:   Pod Security Standards, restricted: "Seccomp"
#include <algorithm>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/standard_checks.h"

namespace tidewaiter {
namespace {

bool HasProfile(const Container& container) {
  return container.security_context.has_value() && container.security_context->seccomp_profile.has_value();
}
bool HasProfile(const Pod& pod) {
  return pod.security_context.has_value() && pod.security_context->seccomp_profile.has_value();
}

void CheckSeccompProfileRestricted(const Pod& pod, const InjectingStandardSettings& settings, Findings& findings) {
  if (IsExcusedAsWindows(pod, settings.minor)) return;
  CheckSeccompProfiles(pod, findings);
  if (HasProfile(pod) && IsAllowedSeccompProfile(*pod.security_context->seccomp_profile)) return;
  for (const Container& container : pod.containers) {
    if (HasProfile(container)) continue;
    Finding& finding = findings.emplace_back(
        ContainerFinding(container, "/securityContext/seccompProfile/type",
                         "must set securityContext.seccompProfile.type to RuntimeDefault or Localhost",
                         "securityContext: {seccompProfile: {type: RuntimeDefault}}"));
    finding.identity = kSeccompIdentity;
    finding.fix = R"("RuntimeDefault")";
  }
}

void InjectSeccompProfileRestricted(const InjectingStandardSettings& settings, Editor& editor) {
  const Pod& pod = editor.pod();
  if (!settings.inject || pod.is_windows() || HasProfile(pod)) return;
  // An exempt container, which may not be edited, must not get the Pod's profile either.
  const auto lacks_profile = [&](const Container& one) { return editor.MayEdit(one) && !HasProfile(one); };
  if (editor.may_edit_pod_for_containers() &&
      std::all_of(pod.containers.begin(), pod.containers.end(), lacks_profile)) {
    editor.SetPodSeccompRuntimeDefault();
    return;
  }
  for (std::size_t i = 0; i < pod.containers.size(); ++i) {
    if (lacks_profile(pod.containers[i])) editor.SetSeccompRuntimeDefault(i);
  }
}

}  // namespace

const Control& SeccompProfileRestrictedControl() {
  static const Control control =
      MakeControl<InjectingStandardSettings, CheckSeccompProfileRestricted, InjectSeccompProfileRestricted>({
          .id = "seccomp-profile-restricted",
          .summary = "Containers must run under a seccomp profile.",
          .level = "restricted",
          .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted (Seccomp)",
          .fields = {"spec.securityContext.seccompProfile.type",
                     "spec.containers[*].securityContext.seccompProfile.type", "spec.os.name"},
          .injects = "seccompProfile.type=RuntimeDefault, into the Pod when no container has a profile of its own",
          .since_minor = 19,
          .overrides = {"seccomp-profile-baseline"},
      });
  return control;
}

}  // namespace tidewaiter
