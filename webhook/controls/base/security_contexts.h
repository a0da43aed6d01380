// SPDX-License-Identifier: Apache-2.0
//
// A field that both the Pod's securityContext and each container's can hold, visited wherever it is set. The standards
// judge each place by itself, also the Pod's value that every container overrides; what a container ends up with is
// effective.h. Tested by tests/controls/fixtures_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "webhook/controls/base/finding.h"
#include "webhook/kube/pod.h"

namespace tidewaiter {

// Whose securityContext it is: the Pod's, or one container's.
struct SecurityContextOwner {
  const Container* container = nullptr;  // nullptr: the Pod

  // `field` below the Pod's spec or the container: "/securityContext/runAsUser".
  Finding MakeFinding(std::string_view field, Phrase requirement, Phrase remedy) const {
    if (container != nullptr) return ContainerFinding(*container, field, std::move(requirement), std::move(remedy));
    return PodFinding(std::string("/spec").append(field), std::move(requirement), std::move(remedy));
  }
};

// Calls visit(const SecurityContextOwner&, const T&) for the Pod and each container that sets the field.
template <typename T, typename Visit>
void ForEachSetting(const Pod& pod, std::optional<T> PodSecurityContext::*of_pod,
                    std::optional<T> SecurityContext::*of_container, Visit visit) {
  if (pod.security_context.has_value()) {
    const std::optional<T>& value = (*pod.security_context).*of_pod;
    if (value.has_value()) visit(SecurityContextOwner{}, *value);
  }
  for (const Container& container : pod.containers) {
    if (!container.security_context.has_value()) continue;
    const std::optional<T>& value = (*container.security_context).*of_container;
    if (value.has_value()) visit(SecurityContextOwner{&container}, *value);
  }
}

}  // namespace tidewaiter
