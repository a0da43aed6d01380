// SPDX-License-Identifier: Apache-2.0
//
// One merge rule, for each field that has it.
#include "webhook/controls/base/effective.h"

#include "absl/strings/match.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

template <typename T>
std::optional<T> Effective(const Pod& pod, const Container& container, std::optional<T> SecurityContext::*own,
                           std::optional<T> PodSecurityContext::*shared) {
  if (container.security_context.has_value() && ((*container.security_context).*own).has_value()) {
    return (*container.security_context).*own;
  }
  return pod.security_context.has_value() ? (*pod.security_context).*shared : std::nullopt;
}

}  // namespace

std::optional<bool> EffectiveRunAsNonRoot(const Pod& pod, const Container& container) {
  return Effective(pod, container, &SecurityContext::run_as_non_root, &PodSecurityContext::run_as_non_root);
}

std::optional<std::int64_t> EffectiveRunAsUser(const Pod& pod, const Container& container) {
  return Effective(pod, container, &SecurityContext::run_as_user, &PodSecurityContext::run_as_user);
}

std::optional<std::int64_t> EffectiveRunAsGroup(const Pod& pod, const Container& container) {
  return Effective(pod, container, &SecurityContext::run_as_group, &PodSecurityContext::run_as_group);
}

std::string_view EffectiveWindowsUser(const Pod& pod, const Container& container) {
  const auto user_name = [](const auto& security_context) -> std::string_view {
    if (!security_context.has_value() || !security_context->windows_options.has_value()) return {};
    const auto& name = security_context->windows_options->run_as_user_name;
    return name.has_value() ? std::string_view(*name) : std::string_view();
  };
  const std::string_view own = user_name(container.security_context);
  return own.empty() ? user_name(pod.security_context) : own;
}

bool IsContainerAdministrator(std::string_view user_name) {
  return absl::EqualsIgnoreCase(ToAbsl(user_name), "ContainerAdministrator");
}

}  // namespace tidewaiter
