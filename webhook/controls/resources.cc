// SPDX-License-Identifier: Apache-2.0
//
// Resource requests and limits
//
// Requirement: containers say what they need and what they may take, within the policy's bounds.
//
// Fields:   spec.{containers,initContainers}[*].resources.{requests,limits}, spec.resources.{requests,limits}
// Allowed:  an amount above 0 for each required resource, of the container or (Kubernetes 1.34) of the whole Pod; a
//           request that is not set is its limit, as the API server defaults it. Nothing above `maximum`; no limit more
//           than `maxLimitRequestRatio` times its request. Init and sidecar containers like all others. Ephemeral
//           containers are not judged: the API server refuses resources on them (core/v1 EphemeralContainerCommon).
// Settings: require, inject, maximum, maxLimitRequestRatio.
// Injects:  the defaults of `inject` where nothing is set: a request only if the user gave no limit of that resource, a
//           limit never below the container's request, cut down to what the ratio allows beside it, and not beside
//           limits of the whole Pod; nothing that would break `maximum` or the ratio.
// Source:   https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/; KEP-2837 (resources of the
//           whole Pod)
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/resource_checks.h"
#include "webhook/controls/base/resource_defaults.h"
#include "webhook/controls/base/resource_settings.h"

namespace tidewaiter {
namespace {

void CheckRequestsAndLimits(const Pod& pod, const ResourcesSettings& settings, Findings& findings) {
  for (const Container& container : pod.containers) {
    if (container.kind != ContainerKind::kEphemeral) CheckContainerResources(pod, container, settings, findings);
  }
  CheckPodResources(pod, settings, findings);
}

void InjectRequestsAndLimits(const ResourcesSettings& settings, Editor& editor) {
  if (!editor.may_set_resources()) return;
  for (std::size_t i = 0; i < editor.pod().containers.size(); ++i) {
    const Container& container = editor.pod().containers[i];
    if (container.kind != ContainerKind::kEphemeral && editor.MayEdit(container)) InjectResources(i, settings, editor);
  }
}

}  // namespace

const Control& ResourcesControl() {
  static const Control control = MakeControl<ResourcesSettings, CheckRequestsAndLimits, InjectRequestsAndLimits>({
      .id = "resources",
      .summary = "Containers must say what they need and what they may take, within the policy's bounds.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
      .fields = {"spec.containers[*].resources.requests", "spec.containers[*].resources.limits",
                 "spec.resources.requests", "spec.resources.limits"},
      .injects =
          "the requests and limits of the setting `inject` where none is set, a limit cut down to what the ratio "
          "to the request allows",
      .is_about_resources = true,
  });
  return control;
}

}  // namespace tidewaiter
