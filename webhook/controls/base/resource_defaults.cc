// SPDX-License-Identifier: Apache-2.0
//
// First the requests, then the limits, which must fit them.
#include "webhook/controls/base/resource_defaults.h"

#include <optional>
#include <string>
#include <utility>

#include "webhook/controls/base/resource_amounts.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

const Quantity* BoundOf(const NamedAmounts& bounds, std::string_view resource) {
  const auto found = bounds.find(resource);
  return found == bounds.end() ? nullptr : &found->second;
}

bool IsAbove(const Quantity& amount, const Quantity* most) { return most != nullptr && amount > *most; }

// The default limit beside `request` (nullptr: none is set): never below it, and no more than the ratio to it allows.
// nullopt when no limit would be right.
std::optional<Quantity> FitLimit(const ResourcesSettings& settings, const std::string& resource, const Quantity& amount,
                                 const Quantity* request) {
  std::optional<Quantity> limit = amount;
  // Without a request the limit becomes the request as well, at a ratio of 1.
  if (request == nullptr && IsAbove(amount, BoundOf(settings.maximum.requests, resource))) return std::nullopt;
  if (request != nullptr && *request > amount) limit = *request;
  const Quantity* ratio = BoundOf(settings.max_limit_request_ratio, resource);
  if (request != nullptr && ratio != nullptr && ExceedsRatio(*limit, *request, *ratio)) {
    limit = MultiplyDown(*request, *ratio, resource);
    // Of a request below one byte or a thousandth of a cpu nothing is left, of 0 nothing can be.
    if (!limit.has_value() || limit->is_zero() || *limit < *request) return std::nullopt;
  }
  if (IsAbove(*limit, BoundOf(settings.maximum.limits, resource))) return std::nullopt;
  return limit;
}

// Whether a request beside `limit`, which nobody's hand wrote (nullptr: none is set), would be right.
bool FitsRequest(const ResourcesSettings& settings, const std::string& resource, const Quantity& amount,
                 const Quantity* limit) {
  if (IsAbove(amount, BoundOf(settings.maximum.requests, resource))) return false;
  if (limit == nullptr) return true;
  const Quantity* ratio = BoundOf(settings.max_limit_request_ratio, resource);
  return amount <= *limit && (ratio == nullptr || !ExceedsRatio(*limit, amount, *ratio));
}

}  // namespace

void InjectResources(std::size_t index, const ResourcesSettings& settings, Editor& editor) {
  const Pod& pod = editor.pod();
  const Container& container = pod.containers[index];
  const auto is_pod_level = [&](std::string_view resource) {
    return AmountOf(pod.resources, kRequests, resource) != nullptr ||
           AmountOf(pod.resources, kLimits, resource) != nullptr;
  };
  const bool has_pod_limits = pod.resources.has_value() && !pod.resources->limits.empty();
  // What the user wrote decides, not what was injected on the way, for this policy or another: so the order of policies
  // does not matter.
  const auto is_users_limit = [&](std::string_view resource) {
    return AmountOf(container.resources, kLimits, resource) != nullptr &&
           !editor.HasSet(StrCat(container.pointer, ResourceField(kLimits, resource)));
  };
  for (const auto& [resource, amount] : settings.inject.requests) {
    if (is_pod_level(resource) || AmountOf(container.resources, kRequests, resource) != nullptr) continue;
    if (is_users_limit(resource)) continue;  // the API server makes it the request
    const Quantity* limit = AmountOf(container.resources, kLimits, resource);
    if (FitsRequest(settings, resource, amount, limit)) editor.SetRequest(index, resource, amount);
  }
  for (const auto& [resource, amount] : settings.inject.limits) {
    if (has_pod_limits || is_pod_level(resource)) continue;
    if (AmountOf(container.resources, kLimits, resource) != nullptr) continue;
    const std::optional<Quantity> limit =
        FitLimit(settings, resource, amount, AmountOf(container.resources, kRequests, resource));
    if (limit.has_value()) editor.SetLimit(index, resource, *limit);
  }
}

}  // namespace tidewaiter
