// SPDX-License-Identifier: Apache-2.0
//
// What several checks of the Pod Security Standards share: who is excused from which version on, and the fields that
// more than one check judges. Tested by tests/controls/fixtures_test.cc and, version by version, by tests/oracle.
#pragma once

#include <span>
#include <string_view>

#include "webhook/controls/base/finding.h"
#include "webhook/kube/pod.h"

namespace tidewaiter {

// spec.os.name=windows excuses from what only Linux has, from v1.25 on; before, the standards did not know the field.
inline bool IsExcusedAsWindows(const Pod& pod, int minor) { return minor >= 25 && pod.is_windows(); }

// spec.hostUsers=false excuses from what root in a user namespace cannot do, from v1.35 on.
inline bool IsExcusedByUserNamespace(const Pod& pod, int minor) { return minor >= 35 && pod.host_users == false; }

// A value that the standards allow from v1.`since_minor` on.
struct AllowedValue {
  std::string_view value;
  int since_minor = 0;
};
bool IsAllowed(std::string_view value, std::span<const AllowedValue> allowed, int minor);

// One finding for each capability that the container adds and that is not in `allowed`: taking one of several away is
// then no new violation, and putting another in its place is.
void CheckAddedCapabilities(const Container& container, std::span<const AllowedValue> allowed, Findings& findings);

// One finding for each container whose procMount is neither unset nor Default.
void CheckProcMounts(const Pod& pod, Findings& findings);

// One finding for each runAsUser, of the Pod or a container, that is 0.
void CheckUserZero(const Pod& pod, Findings& findings);

// Whether its type is RuntimeDefault or Localhost.
bool IsAllowedSeccompProfile(const LocalProfile& profile);
// The identity of findings about seccomp profiles. To set a bad one is worse than to set none: badness 1 and 0.
inline constexpr char kSeccompIdentity[] = "seccompProfile";
// One finding for each seccompProfile, of the Pod or a container, that is not allowed.
void CheckSeccompProfiles(const Pod& pod, Findings& findings);

}  // namespace tidewaiter
