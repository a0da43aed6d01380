// SPDX-License-Identifier: Apache-2.0
//
// Each policy by itself, then each pair.
#include "webhook/policy/policy_warnings.h"

#include "absl/time/civil_time.h"
#include "webhook/controls/base/resource_settings.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

void WarnOfEndedExemptions(const Policy& policy, Date today, std::vector<std::string>& warnings) {
  for (const Exemption& exemption : policy.exemptions) {
    if (!exemption.IsOver(today)) continue;
    warnings.push_back(StrCat(policy.source, ": ", policy.name, ": exemption ", Quoted(exemption.name),
                              " is over and excuses nothing any more: its last day was ",
                              absl::FormatCivilTime(*exemption.until)));
  }
}

// The settings of `resources` where the policy enforces it, or nullptr.
const ResourcesSettings* EnforcedResources(const Policy& policy) {
  for (const AppliedControl& applied : policy.controls) {
    if (applied.control->info.id != "resources" || applied.mode != Mode::kEnforce) continue;
    return static_cast<const ResourcesSettings*>(applied.settings.get());
  }
  return nullptr;
}

struct Side {
  const Policy& policy;
  const ResourcesSettings& settings;
};

void WarnOfMaximum(const Side& injecting, const Side& denying, std::string_view list, const NamedAmounts& amounts,
                   const NamedAmounts& maximum, std::vector<std::string>& warnings) {
  for (const auto& [resource, amount] : amounts) {
    const auto most = maximum.find(resource);
    if (most == maximum.end() || amount <= most->second) continue;
    warnings.push_back(StrCat(injecting.policy.source, ": ", injecting.policy.name, ": resources.inject.", list, ".",
                              resource, " ", amount.text(), " is above the maximum ", most->second.text(),
                              " of policy ", Quoted(denying.policy.name), " (", denying.policy.source,
                              "): where both apply, what the one injects the other denies"));
  }
}

}  // namespace

std::vector<std::string> FindPolicyWarnings(const PolicySet& policies, Date today) {
  std::vector<std::string> warnings;
  std::vector<Side> sides;
  for (const Policy& policy : policies.policies()) {
    WarnOfEndedExemptions(policy, today, warnings);
    if (const ResourcesSettings* settings = EnforcedResources(policy); settings != nullptr) {
      sides.push_back({policy, *settings});
    }
  }
  for (const Side& injecting : sides) {
    for (const Side& denying : sides) {
      if (&injecting == &denying) continue;
      const auto& inject = injecting.settings.inject;
      const auto& maximum = denying.settings.maximum;
      WarnOfMaximum(injecting, denying, "requests", inject.requests, maximum.requests, warnings);
      WarnOfMaximum(injecting, denying, "limits", inject.limits, maximum.limits, warnings);
    }
  }
  return warnings;
}

}  // namespace tidewaiter
