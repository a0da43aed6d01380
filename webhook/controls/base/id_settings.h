// SPDX-License-Identifier: Apache-2.0
//
// What the controls on user and group ids share: settings of the same shape, and fields that a container has and, when
// it leaves them unset, takes from the Pod. Tested by the fixtures of run-as-user-range, run-as-group and fs-group.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "webhook/controls/base/finding.h"
#include "webhook/controls/base/integer_ranges.h"
#include "webhook/kube/pod.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

// The defaults: ids from `kLeast` on; `kRequired`.
template <std::int64_t kLeast, bool kRequired>
struct IdSettings {
  std::vector<IdRange> ranges = {{.min = kLeast}};
  bool required = kRequired;
  std::optional<std::int64_t> inject;

  static const SettingsSchema<IdSettings>& Schema() {
    using S = IdSettings;
    static const SettingsSchema<S> schema =
        SettingsSchema<S>{
            SettingField<S>("ranges", &S::ranges, "the ids that are allowed").NotEmpty(kSomeRange),
            {"required", &S::required, "also forbid to leave it unset"},
            SettingField<S>("inject", &S::inject, "the id to set where none is set").AtLeast(0).AtMost(kMaxId),
        }
            .Validate([](const S& read) {
              return !read.inject.has_value() || Contains(read.ranges, *read.inject)
                         ? absl::OkStatus()
                         : InvalidArgument(
                               StrCat("inject ", *read.inject, " is in none of the ranges ", RangesText(read.ranges)));
            });
    return schema;
  }
};

// A field of both securityContexts: `name` is its JSON name.
struct IdField {
  std::string_view name;
  std::optional<std::int64_t> PodSecurityContext::*of_pod;
  std::optional<std::int64_t> SecurityContext::*of_container;
};

// One finding for the Pod and each container whose own value is in none of the ranges and, when it is required, one for
// each container that has neither its own value nor the Pod's.
void CheckIds(const Pod& pod, const IdField& field, const std::vector<IdRange>& ranges, bool is_required,
              Findings& findings);

}  // namespace tidewaiter
