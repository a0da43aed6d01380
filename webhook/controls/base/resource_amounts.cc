// SPDX-License-Identifier: Apache-2.0
//
// Look-ups, and the one product that injection needs.
#include "webhook/controls/base/resource_amounts.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr __int128 kNanosPerUnit = 1'000'000'000;
constexpr __int128 kNanosPerMilli = 1'000'000;

// The shortest of the ways to write a whole number of units.
std::string ShortText(std::uint64_t units) {
  constexpr std::pair<std::uint64_t, std::string_view> kSuffixes[] = {
      {1u << 30, "Gi"}, {1u << 20, "Mi"}, {1u << 10, "Ki"}, {1'000'000'000, "G"}, {1'000'000, "M"}, {1'000, "k"}};
  std::string shortest = StrCat(units);
  for (const auto& [factor, suffix] : kSuffixes) {
    if (units == 0 || units % factor != 0) continue;
    std::string text = StrCat(units / factor, suffix);
    if (text.size() < shortest.size()) shortest = std::move(text);
  }
  return shortest;
}

}  // namespace

const Quantity* AmountOf(const std::optional<ResourceRequirements>& resources, AmountList list,
                         std::string_view resource) {
  if (!resources.has_value()) return nullptr;
  const auto found = ((*resources).*list).find(resource);
  return found == ((*resources).*list).end() ? nullptr : &found->second;
}

const Quantity* EffectiveAmount(const std::optional<ResourceRequirements>& resources, AmountList list,
                                std::string_view resource) {
  const Quantity* amount = AmountOf(resources, list, resource);
  return amount == nullptr && list == kRequests ? AmountOf(resources, kLimits, resource) : amount;
}

std::string_view ListName(AmountList list) { return list == kRequests ? "requests" : "limits"; }

std::string ResourceField(AmountList list, std::string_view resource) {
  return StrCat("/resources/", ListName(list), "/", resource);
}

std::optional<Quantity> MultiplyDown(const Quantity& amount, const Quantity& ratio, std::string_view resource) {
  const bool is_milli = resource == "cpu";
  __int128 product = 0;  // nanos times nanos
  if (__builtin_mul_overflow(amount.nanos(), ratio.nanos(), &product) || product < 0) return std::nullopt;
  const __int128 steps = product / kNanosPerUnit / (is_milli ? kNanosPerMilli : kNanosPerUnit);
  if (steps > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  const auto count = static_cast<std::uint64_t>(steps);
  const bool is_whole = !is_milli || count % 1'000 == 0;
  const auto text = is_whole ? ShortText(is_milli ? count / 1'000 : count) : StrCat(count, "m");
  return *Quantity::Parse(text);
}

}  // namespace tidewaiter
