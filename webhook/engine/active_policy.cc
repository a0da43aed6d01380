// SPDX-License-Identifier: Apache-2.0
//
// Dates, shares, and who is excused.
#include "webhook/engine/active_policy.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "webhook/kube/owner.h"
#include "webhook/kube/stable_hash.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// The image volume that a pointer leads into, or nullptr.
const Volume* ImageVolumeAt(const Pod& pod, std::string_view pod_pointer, std::string_view pointer) {
  constexpr std::string_view kVolumes = "/spec/volumes/";
  if (!pointer.starts_with(pod_pointer)) return nullptr;
  pointer.remove_prefix(pod_pointer.size());
  if (!pointer.starts_with(kVolumes)) return nullptr;
  pointer.remove_prefix(kVolumes.size());
  std::size_t index = 0;
  if (!absl::SimpleAtoi(ToAbsl(pointer.substr(0, pointer.find('/'))), &index) || index >= pod.volumes.size()) {
    return nullptr;
  }
  return pod.volumes[index].image.has_value() ? &pod.volumes[index] : nullptr;
}

// Those of this name ("": all), as exemptions see them.
std::vector<ExemptionContainer> ContainersOf(const Pod& pod, std::string_view name) {
  std::vector<ExemptionContainer> containers;
  for (const Container& container : pod.containers) {
    if (name.empty() || container.name == name) containers.emplace_back(container);
  }
  return containers;
}

// All of them, and the image volumes.
std::vector<ExemptionContainer> WithVolumes(const Pod& pod) {
  std::vector<ExemptionContainer> containers = ContainersOf(pod, "");
  for (const Volume& volume : pod.volumes) {
    if (volume.image.has_value()) containers.emplace_back(volume);
  }
  return containers;
}

bool HoldsForAll(const Exemption& exemption, const std::vector<ExemptionContainer>& containers) {
  return !containers.empty() &&
         std::all_of(containers.begin(), containers.end(),
                     [&](const ExemptionContainer& container) { return exemption.HoldsForContainer(container); });
}

}  // namespace

const Exemption* ActivePolicy::FindFor(const Control& control, const Container& container) const {
  const ExemptionContainer subject(container);
  for (const Exemption* exemption : exemptions) {
    if (exemption->Covers(control) && exemption->HoldsForContainer(subject)) return exemption;
  }
  return nullptr;
}

const Exemption* ActivePolicy::FindForPod(const Control& control, const Pod& pod) const {
  if (exemptions.empty()) return nullptr;
  const std::vector<ExemptionContainer> containers = ContainersOf(pod, "");
  for (const Exemption* exemption : exemptions) {
    if (!exemption->Covers(control)) continue;
    if (!exemption->is_about_containers() || HoldsForAll(*exemption, containers)) return exemption;
  }
  return nullptr;
}

const Exemption* ActivePolicy::FindForFinding(const Control& control, const Pod& pod, std::string_view pod_pointer,
                                              const Finding& finding) const {
  if (exemptions.empty()) return nullptr;
  if (finding.container.empty()) {
    const Volume* volume = ImageVolumeAt(pod, pod_pointer, finding.pointer);
    if (volume == nullptr) return FindForPod(control, pod);
    // An image volume is excused by its own image.
    const ExemptionContainer subject(*volume);
    for (const Exemption* exemption : exemptions) {
      if (!exemption->Covers(control) || !exemption->containers.empty()) continue;
      if (exemption->HoldsForContainer(subject)) return exemption;
    }
    return nullptr;
  }
  const std::vector<ExemptionContainer> containers = ContainersOf(pod, finding.container);
  for (const Exemption* exemption : exemptions) {
    if (exemption->Covers(control) && HoldsForAll(*exemption, containers)) return exemption;
  }
  return nullptr;
}

bool IsHeldBack(const Policy& policy, const PolicyCase& policy_case, const ObjectMeta& metadata) {
  if (policy.enforce_from.has_value() && policy_case.today < *policy.enforce_from) return true;
  if (policy.enforce_percent >= 100) return false;
  const std::uint64_t hash = StableHash(StrCat(policy_case.namespace_name, "/", RootName(metadata)));
  return hash % 100 >= static_cast<std::uint64_t>(policy.enforce_percent);
}

std::vector<ActivePolicy> Activate(const std::vector<const Policy*>& policies, const PolicyCase& policy_case,
                                   const Workload& workload) {
  std::vector<ActivePolicy> active;
  active.reserve(policies.size());
  const std::string_view service_account = workload.pod.service_account_name;
  ExemptionSubject subject{.namespace_name = policy_case.namespace_name,
                           .names = {},
                           .service_account = service_account.empty() ? "default" : service_account,
                           .user = policy_case.user};
  std::vector<ExemptionContainer> containers;
  for (const Policy* policy : policies) {
    ActivePolicy one{
        .policy = policy, .is_held_back = IsHeldBack(*policy, policy_case, workload.metadata), .exemptions = {}};
    if (!policy->exemptions.empty() && subject.names.empty()) subject.names = KnownNames(workload.metadata);
    if (policy->exemption_index.looks_at_containers() && containers.empty()) containers = WithVolumes(workload.pod);
    policy->exemption_index.ForEach(subject, containers, [&](std::size_t number) {
      const Exemption& exemption = policy->exemptions[number];
      if (!exemption.IsOver(policy_case.today) && exemption.HoldsFor(subject)) one.exemptions.push_back(&exemption);
    });
    active.push_back(std::move(one));
  }
  return active;
}

}  // namespace tidewaiter
