// SPDX-License-Identifier: Apache-2.0
//
// Tells in time that an exemption ends: a line in the log once a day from two weeks before its last day on, and when it
// is over. Knows no clock. Tested by tests/server/exemption_reminder_test.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "webhook/policy/policy_set.h"
#include "webhook/server/log.h"

namespace tidewaiter {

// When an exemption ends.
struct ExemptionEnd {
  std::string policy;
  std::string exemption;
  Date last_day;

  // The first second, since 1970, at which it no longer applies.
  std::int64_t end_seconds() const;
};

// Those of `policies` that end at all.
std::vector<ExemptionEnd> FindExemptionEnds(const PolicySet& policies);

class ExemptionReminder {
 public:
  // How many days before the last one it begins to remind.
  static constexpr int kDaysAhead = 14;

  explicit ExemptionReminder(const Log& log) : log_(log) {}

  // Writes what is due; without effect when it was called with the same policies on the same day before.
  void Remind(const std::shared_ptr<const PolicySet>& policies, Date today);

 private:
  const Log& log_;
  std::shared_ptr<const PolicySet> policies_;
  std::optional<Date> day_;
};

}  // namespace tidewaiter
