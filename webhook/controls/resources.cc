// SPDX-License-Identifier: Apache-2.0
//
// Resource requests and limits
//
// Requirement: containers say what they need and what they may take, within the policy's bounds.
//
// Fields:   spec.{containers,initContainers}[*].resources.{requests,limits}, spec.resources.{requests,limits}
// Allowed:  an amount above 0 for each required resource, of the container or (Kubernetes 1.34) of the whole Pod; a
// request
//           that is not set is its limit, as the API server defaults it. Nothing above `maximum`; no limit more than
//           `maxLimitRequestRatio` times its request. Init and sidecar containers like all others. Ephemeral containers
//           are not judged: the API server refuses resources on them (core/v1 EphemeralContainerCommon).
// Settings: require, inject, maximum, maxLimitRequestRatio.
// Injects:  the defaults of `inject` where nothing is set: a request only if the user gave no limit of that resource, a
//           limit never below the container's request and not beside limits of the whole Pod, nothing that would break
//           `maximum` or the ratio.
// Source:   https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/; KEP-2837 (Pod-level
// resources)
#include <algorithm>
#include <limits>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/resource_settings.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using List = ResourceList ResourceRequirements::*;
constexpr List kRequests = &ResourceRequirements::requests;
constexpr List kLimits = &ResourceRequirements::limits;

// The amount of one list of one owner (container or Pod), or nullptr when it is not set.
const Quantity* AmountOf(const std::optional<ResourceRequirements>& resources, List list, std::string_view resource) {
  if (!resources.has_value()) return nullptr;
  const auto found = ((*resources).*list).find(resource);
  return found == ((*resources).*list).end() ? nullptr : &found->second;
}

// What the API server makes of it: a request that is not set is the limit (core/v1 SetDefaults_Pod).
const Quantity* EffectiveAmount(const std::optional<ResourceRequirements>& resources, List list,
                                std::string_view resource) {
  const Quantity* amount = AmountOf(resources, list, resource);
  return amount == nullptr && list == kRequests ? AmountOf(resources, kLimits, resource) : amount;
}

long double ToReal(const Quantity& amount) { return static_cast<long double>(amount.nanos()); }

std::string_view ListName(List list) { return list == kRequests ? "requests" : "limits"; }

std::string FieldOf(List list, std::string_view resource) {
  return StrCat("/resources/", ListName(list), "/", resource);
}

// One container or the Pod itself, as something that has resources and can be complained about.
struct Owner {
  const std::optional<ResourceRequirements>& resources;
  const Container* container = nullptr;  // nullptr: the Pod

  Finding MakeFinding(List list, std::string_view resource, std::string requirement, std::string_view amount) const {
    std::string remedy = StrCat("resources: {", ListName(list), ": {", resource, ": ", amount, "}}");
    if (container == nullptr) {
      return PodFinding("/spec" + FieldOf(list, resource), std::move(requirement), std::move(remedy));
    }
    return ContainerFinding(*container, FieldOf(list, resource), std::move(requirement), std::move(remedy));
  }
};

// Whether the Pod's amount is what bounds some container, because that has none of its own.
bool IsBoundByPod(const Pod& pod, List list, std::string_view resource) {
  return std::any_of(pod.containers.begin(), pod.containers.end(), [&](const Container& container) {
    return container.kind != ContainerKind::kEphemeral && AmountOf(container.resources, list, resource) == nullptr;
  });
}

void CheckMaximum(const Pod& pod, const Owner& owner, List list, const ResourceList& maximum, Findings& findings) {
  for (const auto& [resource, most] : maximum) {
    const Quantity* amount = EffectiveAmount(owner.resources, list, resource);
    if (amount == nullptr || *amount <= most) continue;
    // A limit of the Pod bounds only containers that have none; its request is reserved for the Pod as a whole.
    if (owner.container == nullptr && list == kLimits && !IsBoundByPod(pod, list, resource)) continue;
    const std::string what = StrCat("must not set resources.", ListName(list), ".", resource, " above ", most.text());
    Finding& finding = findings.emplace_back(
        owner.MakeFinding(list, resource, StrCat(what, " (is ", amount->text(), ")"), most.text()));
    finding.identity = what;
    finding.badness = ToReal(*amount);
  }
}

void CheckRatio(const Owner& owner, const ResourceList& ratios, Findings& findings) {
  for (const auto& [resource, ratio] : ratios) {
    const Quantity* limit = AmountOf(owner.resources, kLimits, resource);
    const Quantity* request = EffectiveAmount(owner.resources, kRequests, resource);
    if (limit == nullptr || request == nullptr || !ExceedsRatio(*limit, *request, ratio)) continue;
    const std::string what =
        StrCat("must not set resources.limits.", resource, " above ", ratio.text(), " times the request");
    Finding& finding = findings.emplace_back(
        owner.MakeFinding(kLimits, resource, StrCat(what, " (is ", limit->text(), ", request ", request->text(), ")"),
                          StrCat("<at most ", ratio.text(), " x ", request->text(), ">")));
    finding.identity = what;
    // Nothing is a worse ratio than to a request of 0.
    finding.badness = request->is_zero() ? std::numeric_limits<long double>::max() : ToReal(*limit) / ToReal(*request);
  }
}

void CheckRequired(const Pod& pod, const Owner& owner, List list, const std::vector<std::string>& required,
                   const ResourceList& defaults, Findings& findings) {
  for (const std::string& resource : required) {
    // 0 reserves and bounds nothing: the kubelet treats it like no amount at all.
    const auto is_given = [&](const Quantity* amount) { return amount != nullptr && !amount->is_zero(); };
    if (is_given(EffectiveAmount(owner.resources, list, resource))) continue;
    if (is_given(EffectiveAmount(pod.resources, list, resource))) continue;
    const auto suggestion = defaults.find(resource);
    const bool is_zero = EffectiveAmount(owner.resources, list, resource) != nullptr;
    const std::string what = StrCat("must set resources.", ListName(list), ".", resource);
    Finding& finding = findings.emplace_back(owner.MakeFinding(
        list, resource, StrCat(what, is_zero ? " above 0 (0 means none)" : ""),
        suggestion == defaults.end() ? std::string_view("<amount>") : std::string_view(suggestion->second.text())));
    finding.identity = what;
  }
}

void CheckBounds(const Pod& pod, const Owner& owner, const ResourcesSettings& settings, Findings& findings) {
  CheckMaximum(pod, owner, kRequests, settings.maximum.requests, findings);
  CheckMaximum(pod, owner, kLimits, settings.maximum.limits, findings);
  CheckRatio(owner, settings.max_limit_request_ratio, findings);
}

void Check(const Pod& pod, const ResourcesSettings& settings, Findings& findings) {
  for (const Container& container : pod.containers) {
    if (container.kind == ContainerKind::kEphemeral) continue;
    const Owner owner{container.resources, &container};
    CheckRequired(pod, owner, kRequests, settings.require.requests, settings.inject.requests, findings);
    CheckRequired(pod, owner, kLimits, settings.require.limits, settings.inject.limits, findings);
    CheckBounds(pod, owner, settings, findings);
  }
  CheckBounds(pod, {pod.resources}, settings, findings);
}

// Whether setting `amount` would itself be a violation.
bool IsAboveBounds(const ResourcesSettings& settings, List list, const std::string& resource, const Quantity& amount,
                   const Quantity* request) {
  const ResourceList& maximum = list == kRequests ? settings.maximum.requests : settings.maximum.limits;
  const auto most = maximum.find(resource);
  if (most != maximum.end() && amount > most->second) return true;
  const auto ratio = settings.max_limit_request_ratio.find(resource);
  return list == kLimits && request != nullptr && ratio != settings.max_limit_request_ratio.end() &&
         ExceedsRatio(amount, *request, ratio->second);
}

void InjectInto(std::size_t i, const ResourcesSettings& settings, Editor& editor) {
  const Pod& pod = editor.pod();
  const Container& container = pod.containers[i];
  const auto is_pod_level = [&](std::string_view resource) {
    return AmountOf(pod.resources, kRequests, resource) != nullptr ||
           AmountOf(pod.resources, kLimits, resource) != nullptr;
  };
  const bool has_pod_limits = pod.resources.has_value() && !pod.resources->limits.empty();
  // What the user wrote decides, not what was injected on the way, for this policy or another: so the order of policies
  // does not matter.
  const auto is_users_limit = [&](std::string_view resource) {
    return AmountOf(container.resources, kLimits, resource) != nullptr &&
           !editor.HasSet(StrCat(container.pointer, FieldOf(kLimits, resource)));
  };
  for (const auto& [resource, amount] : settings.inject.requests) {
    if (is_pod_level(resource) || AmountOf(container.resources, kRequests, resource) != nullptr) continue;
    if (is_users_limit(resource)) continue;  // the API server makes it the request
    const Quantity* limit = AmountOf(container.resources, kLimits, resource);
    if (limit != nullptr && amount > *limit) continue;
    if (!IsAboveBounds(settings, kRequests, resource, amount, nullptr)) editor.SetRequest(i, resource, amount);
  }
  for (const auto& [resource, amount] : settings.inject.limits) {
    if (has_pod_limits || is_pod_level(resource)) continue;
    if (AmountOf(container.resources, kLimits, resource) != nullptr) continue;
    const Quantity* request = AmountOf(container.resources, kRequests, resource);
    const Quantity& limit = request != nullptr && *request > amount ? *request : amount;
    if (IsAboveBounds(settings, kLimits, resource, limit, request)) continue;
    // Without a request the limit becomes the request as well.
    if (request == nullptr && IsAboveBounds(settings, kRequests, resource, limit, nullptr)) continue;
    editor.SetLimit(i, resource, limit);
  }
}

void Inject(const ResourcesSettings& settings, Editor& editor) {
  if (!editor.may_set_resources()) return;
  for (std::size_t i = 0; i < editor.pod().containers.size(); ++i) {
    const Container& container = editor.pod().containers[i];
    if (container.kind != ContainerKind::kEphemeral && editor.MayEdit(container)) InjectInto(i, settings, editor);
  }
}

}  // namespace

const Control& ResourcesControl() {
  static const Control control = MakeControl<ResourcesSettings, Check, Inject>({
      .id = "resources",
      .summary = "Containers must say what they need and what they may take, within the policy's bounds.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
      .fields = {"spec.containers[*].resources.requests", "spec.containers[*].resources.limits",
                 "spec.resources.requests", "spec.resources.limits"},
      .injects = "the requests and limits of the setting `inject` where none is set",
      .is_about_resources = true,
  });
  return control;
}

}  // namespace tidewaiter
