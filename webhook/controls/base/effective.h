// SPDX-License-Identifier: Apache-2.0
//
// What a container ends up with when its own securityContext and the Pod's are merged: the container's value wins,
// field by field (core/v1 SecurityContext). Tested by tests/controls/effective_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "webhook/kube/pod.h"

namespace tidewaiter {

std::optional<bool> EffectiveRunAsNonRoot(const Pod& pod, const Container& container);
std::optional<std::int64_t> EffectiveRunAsUser(const Pod& pod, const Container& container);
std::optional<std::int64_t> EffectiveRunAsGroup(const Pod& pod, const Container& container);

// windowsOptions.runAsUserName, "" when neither sets it.
std::string_view EffectiveWindowsUser(const Pod& pod, const Container& container);

// Whether a Windows user name is the container's administrator, which the kubelet treats as root
// (pkg/kubelet/kuberuntime/security_context_windows.go). Upper and lower case are the same.
bool IsContainerAdministrator(std::string_view user_name);

}  // namespace tidewaiter
