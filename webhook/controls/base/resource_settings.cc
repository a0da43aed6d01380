// SPDX-License-Identifier: Apache-2.0
//
// Keys, texts and cross-checks of the settings of `resources`.
#include "webhook/controls/base/resource_settings.h"

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

absl::Status CheckAmounts(const NamedAmounts& amounts) {
  for (const auto& [resource, amount] : amounts) {
    if (amount.is_negative() || amount.is_zero()) {
      return InvalidArgument(StrCat(resource, ": must be above 0, is ", amount.text()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRatios(const NamedAmounts& ratios) {
  const Quantity one = *Quantity::Parse("1");
  for (const auto& [resource, ratio] : ratios) {
    if (ratio < one) {
      return InvalidArgument(
          StrCat(resource, ": must be at least 1, is ", ratio.text(), ": a limit may never be below its request"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckBelow(std::string_view what, const NamedAmounts& amounts, std::string_view bound,
                        const NamedAmounts& bounds) {
  for (const auto& [resource, amount] : amounts) {
    const auto most = bounds.find(resource);
    if (most != bounds.end() && amount > most->second) {
      return InvalidArgument(StrCat(what, ".", resource, " ", amount.text(), " is above ", bound, ".", resource, " ",
                                    most->second.text()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTogether(const ResourcesSettings& settings) {
  for (const absl::Status& status :
       {CheckBelow("inject.requests", settings.inject.requests, "inject.limits", settings.inject.limits),
        CheckBelow("inject.requests", settings.inject.requests, "maximum.requests", settings.maximum.requests),
        CheckBelow("inject.limits", settings.inject.limits, "maximum.limits", settings.maximum.limits),
        CheckBelow("inject.requests", settings.inject.requests, "maximum.limits", settings.maximum.limits)}) {
    if (!status.ok()) return status;
  }
  for (const auto& [resource, amount] : settings.inject.limits) {
    const auto most = settings.maximum.requests.find(resource);
    if (settings.inject.requests.contains(resource) || most == settings.maximum.requests.end()) continue;
    if (amount > most->second) {
      return InvalidArgument(StrCat("inject.limits.", resource, " ", amount.text(), " is above maximum.requests.",
                                    resource, " ", most->second.text(),
                                    ", and a container without a request requests its limit: give inject.requests.",
                                    resource));
    }
  }
  for (const auto& [resource, ratio] : settings.max_limit_request_ratio) {
    const auto limit = settings.inject.limits.find(resource);
    const auto request = settings.inject.requests.find(resource);
    if (limit == settings.inject.limits.end() || request == settings.inject.requests.end()) continue;
    if (ExceedsRatio(limit->second, request->second, ratio)) {
      return InvalidArgument(StrCat("inject.limits.", resource, " ", limit->second.text(), " is more than ",
                                    ratio.text(), " times inject.requests.", resource, " ", request->second.text()));
    }
  }
  return absl::OkStatus();
}

const std::vector<std::string_view> kResources = {"cpu", "memory", "ephemeral-storage"};

}  // namespace

const SettingsSchema<RequiredResources>& RequiredResources::Schema() {
  using S = RequiredResources;
  static const SettingsSchema<S> schema = {
      SettingField<S>("requests", &S::requests, "resources each container must request").OneOf(kResources),
      SettingField<S>("limits", &S::limits, "resources each container must limit").OneOf(kResources),
  };
  return schema;
}

const SettingsSchema<ResourceAmounts>& ResourceAmounts::Schema() {
  using S = ResourceAmounts;
  static const SettingsSchema<S> schema = {
      CheckedField("requests", &S::requests, "requests by resource", CheckAmounts).OneOf(kResources),
      CheckedField("limits", &S::limits, "limits by resource", CheckAmounts).OneOf(kResources),
  };
  return schema;
}

const SettingsSchema<ResourcesSettings>& ResourcesSettings::Schema() {
  using S = ResourcesSettings;
  static const SettingsSchema<S> schema =
      SettingsSchema<S>{
          {"require", &S::require, "what each container must set, itself or through spec.resources"},
          {"inject", &S::inject, "defaults, set where nothing is set"},
          {"maximum", &S::maximum, "the most a container may ask for"},
          CheckedField("maxLimitRequestRatio", &S::max_limit_request_ratio, "how many times its request a limit may be",
                       CheckRatios)
              .OneOf(kResources),
      }
          .Validate(CheckTogether);
  return schema;
}

}  // namespace tidewaiter
