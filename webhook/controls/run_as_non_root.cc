// SPDX-License-Identifier: Apache-2.0
//
// Running as non-root
//
// Requirement: containers must be required to run as a user other than root.
//
// Fields:   spec.securityContext.runAsNonRoot, spec.{containers,initContainers,ephemeralContainers}[*].
//           securityContext.runAsNonRoot, spec.hostUsers; with forbidRootUser also .runAsUser and, on Windows,
//           .windowsOptions.runAsUserName
// Allowed:  true; a container may leave it unset when the Pod sets true. runAsUser: unset or not 0.
//           windowsOptions.runAsUserName: anything but ContainerAdministrator.
//           With spec.hostUsers=false, where root is nobody on the node, everything is allowed (from v1.35).
// Settings: inject, runAsUser, runAsGroup, forbidRootUser (off within the standard, where run-as-user judges that).
// Injects:  runAsNonRoot=true (and, when set, runAsUser and runAsGroup) into each container that has neither its own
//           nor the Pod's. A value that is there is never changed.
// Source:   Pod Security Standards, restricted: "Running as Non-root" and "Running as Non-root user";
//           kubelet pkg/kubelet/kuberuntime/security_context_others.go for what happens on the node.
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/effective.h"
#include "webhook/controls/base/security_contexts.h"
#include "webhook/controls/base/standard_checks.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct RunAsNonRootSettings {
  bool inject = false;
  std::optional<std::int64_t> run_as_user;
  std::optional<std::int64_t> run_as_group;
  bool forbid_root_user = true;
  int minor = kNewestStandardMinor;

  void ApplyStandard(const StandardContext& standard) {
    inject = standard.inject;
    forbid_root_user = !standard.is_expanded;
    minor = standard.minor;
  }
  static const SettingsSchema<RunAsNonRootSettings>& Schema() {
    using S = RunAsNonRootSettings;
    static const SettingsSchema<S> schema = {
        {"inject", &S::inject, "set runAsNonRoot=true where neither the container nor the Pod sets it"},
        SettingField<S>("runAsUser", &S::run_as_user, "with inject: the numeric user to set where none is set")
            .AtLeast(1)
            .AtMost(kMaxId),
        SettingField<S>("runAsGroup", &S::run_as_group, "with inject: the numeric group to set where none is set")
            .AtLeast(1)
            .AtMost(kMaxId),
        {"forbidRootUser", &S::forbid_root_user, "also forbid runAsUser=0 and, on Windows, ContainerAdministrator"},
    };
    return schema;
  }
};

constexpr std::string_view kRunAsNonRootPointer = "/securityContext/runAsNonRoot";
// To set false, here or for the whole Pod, is worse than to set nothing: badness 1 and 0.
constexpr char kIdentity[] = "securityContext.runAsNonRoot";
constexpr char kRemedy[] = "securityContext: {runAsNonRoot: true}";

// In the kubelet's own words, so that a search for the error on the node leads here.
constexpr std::string_view kMayNotStart =
    "\" sets no numeric runAsUser and may not start: \"container has runAsNonRoot and image will run as root\" or "
    "\"... image has non-numeric user\"";

void CheckWindowsUsers(const Pod& pod, Findings& findings) {
  for (const Container& container : pod.containers) {
    if (!IsContainerAdministrator(EffectiveWindowsUser(pod, container))) continue;
    findings.push_back(
        ContainerFinding(container, "/securityContext/windowsOptions/runAsUserName",
                         "must not run as ContainerAdministrator (securityContext.windowsOptions.runAsUserName)",
                         "securityContext: {windowsOptions: {runAsUserName: ContainerUser}}"));
  }
}

bool HasRootUser(const Pod& pod) {
  return std::any_of(pod.containers.begin(), pod.containers.end(),
                     [&](const Container& container) { return EffectiveRunAsUser(pod, container) == 0; });
}

void CheckRunAsNonRoot(const Pod& pod, const RunAsNonRootSettings& settings, Findings& findings) {
  if (IsExcusedByUserNamespace(pod, settings.minor)) return;
  const auto forbid_false = [&](const SecurityContextOwner& owner, bool value) {
    if (value) return;
    Finding& finding = findings.emplace_back(
        owner.MakeFinding(kRunAsNonRootPointer, "must not set securityContext.runAsNonRoot=false", kRemedy));
    finding.identity = kIdentity;
    finding.badness = 1;
    // With runAsUser=0 it would not start: which user it is to be, a person has to say.
    const bool is_root = owner.container != nullptr ? EffectiveRunAsUser(pod, *owner.container) == 0 : HasRootUser(pod);
    if (pod.is_windows() || !is_root) finding.fix = "true";
  };
  ForEachSetting(pod, &PodSecurityContext::run_as_non_root, &SecurityContext::run_as_non_root, forbid_false);
  for (const Container& container : pod.containers) {
    const bool is_set = container.security_context.has_value() && container.security_context->run_as_non_root;
    if (is_set || EffectiveRunAsNonRoot(pod, container) == true) continue;
    Finding& finding = findings.emplace_back(
        ContainerFinding(container, kRunAsNonRootPointer, "must set securityContext.runAsNonRoot=true", kRemedy));
    finding.identity = kIdentity;
    finding.badness = EffectiveRunAsNonRoot(pod, container).has_value() ? 1 : 0;
    if (pod.is_windows() || EffectiveRunAsUser(pod, container) != 0) finding.fix = "true";
  }
  if (settings.forbid_root_user) (pod.is_windows() ? CheckWindowsUsers : CheckUserZero)(pod, findings);
}

void InjectRunAsNonRoot(const RunAsNonRootSettings& settings, Editor& editor) {
  const Pod& pod = editor.pod();
  if (!settings.inject || IsExcusedByUserNamespace(pod, settings.minor)) return;
  // The API server refuses runAsUser and runAsGroup on Windows, and takes runAsNonRoot (core/v1 PodOS).
  const std::optional<std::int64_t> new_user = pod.is_windows() ? std::nullopt : settings.run_as_user;
  const std::optional<std::int64_t> new_group = pod.is_windows() ? std::nullopt : settings.run_as_group;
  for (std::size_t i = 0; i < pod.containers.size(); ++i) {
    const Container& container = pod.containers[i];
    if (!editor.MayEdit(container)) continue;
    if (new_user.has_value() && !EffectiveRunAsUser(pod, container).has_value()) editor.SetRunAsUser(i, *new_user);
    if (new_group.has_value() && !EffectiveRunAsGroup(pod, container).has_value()) editor.SetRunAsGroup(i, *new_group);
    // With runAsUser=0 the kubelet would refuse to start it ("container's runAsUser breaks non-root policy").
    const std::optional<std::int64_t> user = pod.is_windows() ? std::nullopt : EffectiveRunAsUser(pod, container);
    if (EffectiveRunAsNonRoot(pod, container).has_value() || user == 0) continue;
    editor.SetRunAsNonRoot(i);
    if (pod.is_windows() || user.has_value()) continue;
    editor.Warn(StrCat(ContainerKindName(container.kind), " \"", container.name, kMayNotStart));
  }
}

}  // namespace

const Control& RunAsNonRootControl() {
  static const Control control = MakeControl<RunAsNonRootSettings, CheckRunAsNonRoot, InjectRunAsNonRoot>({
      .id = "run-as-non-root",
      .summary = "Containers must be required to run as a user other than root.",
      .level = "restricted",
      .source = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted (Running as Non-root)",
      .fields = {"spec.securityContext.runAsNonRoot", "spec.securityContext.runAsUser",
                 "spec.containers[*].securityContext.runAsNonRoot", "spec.containers[*].securityContext.runAsUser",
                 "spec.containers[*].securityContext.windowsOptions.runAsUserName", "spec.hostUsers"},
      .injects = "runAsNonRoot=true; runAsUser and runAsGroup when given in the settings",
  });
  return control;
}

}  // namespace tidewaiter
