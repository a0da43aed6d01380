// SPDX-License-Identifier: Apache-2.0
//
// Three rules, each over the resources that the settings name.
#include "webhook/controls/base/resource_checks.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "webhook/controls/base/resource_amounts.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr long double kWorst = std::numeric_limits<long double>::max();

long double ToReal(const Quantity& amount) { return static_cast<long double>(amount.nanos()); }

// One container or the Pod itself, as something that has resources and can be complained about.
struct Owner {
  const std::optional<ResourceRequirements>& resources;
  const Container* container = nullptr;  // nullptr: the Pod

  Finding MakeFinding(AmountList list, std::string_view resource, std::string requirement,
                      std::string_view amount) const {
    std::string remedy = StrCat("resources: {", ListName(list), ": {", resource, ": ", amount, "}}");
    if (container == nullptr) {
      return PodFinding("/spec" + ResourceField(list, resource), std::move(requirement), std::move(remedy));
    }
    return ContainerFinding(*container, ResourceField(list, resource), std::move(requirement), std::move(remedy));
  }
};

// Without a limit a container takes whatever there is, so any limit is better than none, also one that is too high. A
// request that is missing and one that is too high are different faults.
std::string IdentityOf(AmountList list, std::string_view resource, std::string_view what) {
  return list == kLimits ? StrCat("resources.limits.", resource, " above its maximum, or none") : std::string(what);
}

// Whether the Pod's amount is what bounds some container, because that has none of its own.
bool IsBoundByPod(const Pod& pod, AmountList list, std::string_view resource) {
  return std::any_of(pod.containers.begin(), pod.containers.end(), [&](const Container& container) {
    return container.kind != ContainerKind::kEphemeral && AmountOf(container.resources, list, resource) == nullptr;
  });
}

void CheckMaximum(const Pod& pod, const Owner& owner, AmountList list, const NamedAmounts& maximum,
                  Findings& findings) {
  for (const auto& [resource, most] : maximum) {
    const Quantity* amount = EffectiveAmount(owner.resources, list, resource);
    if (amount == nullptr || *amount <= most) continue;
    // A limit of the Pod bounds only containers that have none; its request is reserved for the Pod as a whole.
    if (owner.container == nullptr && list == kLimits && !IsBoundByPod(pod, list, resource)) continue;
    const std::string what = StrCat("must not set resources.", ListName(list), ".", resource, " above ", most.text());
    Finding& finding = findings.emplace_back(
        owner.MakeFinding(list, resource, StrCat(what, " (is ", amount->text(), ")"), most.text()));
    finding.identity = IdentityOf(list, resource, what);
    finding.badness = ToReal(*amount);
  }
}

void CheckRatio(const Owner& owner, const NamedAmounts& ratios, Findings& findings) {
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
    finding.badness = request->is_zero() ? kWorst : ToReal(*limit) / ToReal(*request);
  }
}

void CheckRequired(const Pod& pod, const Owner& owner, AmountList list, const std::vector<std::string>& required,
                   const NamedAmounts& defaults, Findings& findings) {
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
    finding.identity = IdentityOf(list, resource, what);
    finding.badness = kWorst;
  }
}

void CheckBounds(const Pod& pod, const Owner& owner, const ResourcesSettings& settings, Findings& findings) {
  CheckMaximum(pod, owner, kRequests, settings.maximum.requests, findings);
  CheckMaximum(pod, owner, kLimits, settings.maximum.limits, findings);
  CheckRatio(owner, settings.max_limit_request_ratio, findings);
}

}  // namespace

void CheckContainerResources(const Pod& pod, const Container& container, const ResourcesSettings& settings,
                             Findings& findings) {
  const Owner owner{container.resources, &container};
  CheckRequired(pod, owner, kRequests, settings.require.requests, settings.inject.requests, findings);
  CheckRequired(pod, owner, kLimits, settings.require.limits, settings.inject.limits, findings);
  CheckBounds(pod, owner, settings, findings);
}

void CheckPodResources(const Pod& pod, const ResourcesSettings& settings, Findings& findings) {
  CheckBounds(pod, {pod.resources}, settings, findings);
}

}  // namespace tidewaiter
