// SPDX-License-Identifier: Apache-2.0
//
// Days left, once a day.
#include "webhook/server/exemption_reminder.h"

#include "absl/time/time.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

std::int64_t ExemptionEnd::end_seconds() const {
  return absl::ToUnixSeconds(absl::FromCivil(last_day + 1, absl::UTCTimeZone()));
}

std::vector<ExemptionEnd> FindExemptionEnds(const PolicySet& policies) {
  std::vector<ExemptionEnd> ends;
  for (const Policy& policy : policies.policies()) {
    for (const Exemption& exemption : policy.exemptions) {
      if (!exemption.until.has_value()) continue;
      ends.push_back({.policy = policy.name, .exemption = exemption.name, .last_day = *exemption.until});
    }
  }
  return ends;
}

void ExemptionReminder::Remind(const std::shared_ptr<const PolicySet>& policies, Date today) {
  if (policies == policies_ && day_ == today) return;
  policies_ = policies;
  day_ = today;
  for (const ExemptionEnd& end : FindExemptionEnds(*policies)) {
    const auto days_left = end.last_day - today;
    if (days_left > kDaysAhead) continue;
    log_.Write(LogLevel::kWarn, days_left < 0 ? "exemption is over" : "exemption ends soon",
               {{"policy", end.policy},
                {"exemption", end.exemption},
                {"until", absl::FormatCivilTime(end.last_day)},
                {"days_left", StrCat(days_left < 0 ? 0 : days_left)}});
  }
}

}  // namespace tidewaiter
