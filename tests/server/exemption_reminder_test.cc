// SPDX-License-Identifier: Apache-2.0
//
// When an exemption's end is told of.
#include "webhook/server/exemption_reminder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/testing/pipe.h"
#include "tests/testing/policies.h"

namespace tidewaiter {
namespace {

std::shared_ptr<const PolicySet> Policies() {
  return std::make_shared<const PolicySet>(
      PoliciesOf("  controls: {image-tag: {}}\n  exemptions:\n"
                 "    - {name: ending, reason: r, until: 2027-06-30, controls: [\"*\"], match: {names: [a]}}\n"
                 "    - {name: lasting, reason: r, controls: [\"*\"], match: {names: [b]}}\n"));
}

std::string Remind(Date today) {
  Pipe pipe;
  const Log log(LogLevel::kInfo, pipe.writer());
  ExemptionReminder(log).Remind(Policies(), today);
  return pipe.Read();
}

TEST(ExemptionReminderTest, FromTwoWeeksBeforeTheLastDayOn) {
  EXPECT_EQ(Remind(Date(2027, 6, 15)), "");
  const nlohmann::json soon = nlohmann::json::parse(Remind(Date(2027, 6, 16)));
  EXPECT_EQ(soon["level"], "warn");
  EXPECT_EQ(soon["msg"], "exemption ends soon");
  EXPECT_EQ(soon["exemption"], "ending");
  EXPECT_EQ(soon["until"], "2027-06-30");
  EXPECT_EQ(soon["days_left"], "14");
  EXPECT_EQ(nlohmann::json::parse(Remind(Date(2027, 6, 30)))["days_left"], "0");
  EXPECT_EQ(nlohmann::json::parse(Remind(Date(2027, 7, 1)))["msg"], "exemption is over");
}

TEST(ExemptionReminderTest, OnceADayAndForNewPolicies) {
  Pipe pipe;
  const Log log(LogLevel::kInfo, pipe.writer());
  ExemptionReminder reminder(log);
  const auto policies = Policies();
  reminder.Remind(policies, Date(2027, 6, 20));
  reminder.Remind(policies, Date(2027, 6, 20));
  reminder.Remind(policies, Date(2027, 6, 21));
  reminder.Remind(Policies(), Date(2027, 6, 21));
  const std::string text = pipe.Read();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

TEST(ExemptionReminderTest, EndsWithItsLastDay) {
  const std::vector<ExemptionEnd> ends = FindExemptionEnds(*Policies());
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].policy, "test");
  EXPECT_EQ(DateOf(ends[0].end_seconds()), Date(2027, 7, 1));
  EXPECT_EQ(DateOf(ends[0].end_seconds() - 1), Date(2027, 6, 30));
}

}  // namespace
}  // namespace tidewaiter
