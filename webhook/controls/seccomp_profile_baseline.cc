// SPDX-License-Identifier: Apache-2.0
//
// Seccomp not turned off
//
// Requirement: Pods must not turn seccomp off.
//
// Fields:   spec.securityContext.seccompProfile.type, spec.{containers,initContainers,ephemeralContainers}[*].
//           securityContext.seccompProfile.type; up to v1.18, before there were fields,
//           metadata.annotations["seccomp.security.alpha.kubernetes.io/pod"] and for each container
//           metadata.annotations["container.seccomp.security.alpha.kubernetes.io/<name>"] instead
// Allowed:  no profile; type RuntimeDefault or Localhost. Of the annotations: unset, runtime/default, docker/default,
//           localhost/*.
// Settings: none.
// Injects:  nothing: see seccomp-profile-restricted.
// Source:   Pod Security Standards, baseline: "Seccomp"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/standard_checks.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr int kFirstWithFields = 19;
constexpr std::string_view kPodAnnotation = "seccomp.security.alpha.kubernetes.io/pod";
constexpr std::string_view kContainerAnnotationPrefix = "container.seccomp.security.alpha.kubernetes.io/";

bool IsAllowedSeccompProfile(std::string_view value) {
  return value == "runtime/default" || value == "docker/default" || value.starts_with("localhost/");
}

void CheckAnnotation(const Pod& pod, const Container* container, std::string_view key, Findings& findings) {
  const auto found = pod.annotations.find(key);
  if (found == pod.annotations.end() || IsAllowedSeccompProfile(found->second)) return;
  findings.push_back(AnnotationFinding(container, key, found->second, "runtime/default"));
}

void CheckSeccompProfileBaseline(const Pod& pod, const StandardSettings& settings, Findings& findings) {
  if (settings.minor >= kFirstWithFields) {
    CheckSeccompProfiles(pod, findings);
    return;
  }
  CheckAnnotation(pod, nullptr, kPodAnnotation, findings);
  for (const Container& container : pod.containers) {
    CheckAnnotation(pod, &container, StrCat(kContainerAnnotationPrefix, container.name), findings);
  }
}

}  // namespace

const Control& SeccompProfileBaselineControl() {
  static const Control control = MakeControl<StandardSettings, CheckSeccompProfileBaseline>({
      .id = "seccomp-profile-baseline",
      .summary = "Pods must not turn seccomp off.",
      .level = "baseline",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline (Seccomp)",
      .fields = {"spec.securityContext.seccompProfile.type", "spec.containers[*].securityContext.seccompProfile.type",
                 "metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]",
                 "metadata.annotations[container.seccomp.security.alpha.kubernetes.io/*]"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
