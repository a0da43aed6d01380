// SPDX-License-Identifier: Apache-2.0
//
// The exposition: names and labels that users build dashboards on, and that nothing of a workload gets into them.
#include "webhook/server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsTest, EveryNameAndLabel) {
  Metrics metrics("1.2.3");
  Decision decision;
  decision.door = Door::kValidate;
  decision.outcome = Outcome::kDeny;
  decision.kind = "Pod";
  decision.operation = "CREATE";
  Finding finding;
  finding.control = "c";
  decision.findings.push_back(
      {.policy = "p", .mode = Mode::kWarn, .is_inherited = false, .finding = std::make_shared<const Finding>(finding)});
  decision.injections.push_back({.policy = "p", .control = "c", .mode = Mode::kEnforce, .pointer = "", .value = ""});
  decision.injections.push_back({.policy = "p", .control = "c", .mode = Mode::kAudit, .pointer = "", .value = ""});
  metrics.CountDecision(decision, std::chrono::microseconds(70));
  metrics.CountDecision(decision, std::chrono::microseconds(70));
  metrics.CountReload(true);
  metrics.SetPoliciesLoaded(3);
  metrics.SetCertificateExpiry(1234);
  metrics.SetConnectionSource([] { return ConnectionCounts{.handshaking = 1, .active = 2, .parked = 3}; });
  const std::string text = metrics.Render();
  for (const char* line : {
           R"(tidewaiter_admission_requests_total{decision="deny",door="validate",kind="Pod",operation="CREATE"} 2)",
           R"(tidewaiter_admission_duration_seconds_count{door="validate"} 2)",
           R"(tidewaiter_admission_duration_seconds_bucket{door="validate",le="5e-05"} 0)",
           R"(tidewaiter_admission_duration_seconds_bucket{door="validate",le="0.0001"} 2)",
           R"(tidewaiter_admission_duration_seconds_bucket{door="mutate",le="30"} 0)",
           R"(tidewaiter_findings_total{control="c",mode="warn",policy="p"} 2)",
           R"(tidewaiter_injections_total{control="c",policy="p"} 2)",
           R"(tidewaiter_errors_total{reason="internal"} 0)",
           R"(tidewaiter_policy_reloads_total{result="success"} 1)",
           R"(tidewaiter_policy_reloads_total{result="failure"} 0)",
           "tidewaiter_policies_loaded 3",
           "tidewaiter_certificate_expiry_timestamp_seconds 1234",
           R"(tidewaiter_connections{state="handshaking"} 1)",
           R"(tidewaiter_connections{state="active"} 2)",
           R"(tidewaiter_connections{state="parked"} 3)",
           R"(tidewaiter_build_info{version="1.2.3"} 1)",
       }) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
}

TEST(MetricsTest, LabelsComeFromClosedSets) {
  Metrics metrics("1");
  Decision decision;
  decision.group = "evil.example.com";
  decision.kind = "Evil\"Kind";
  decision.operation = "EVIL";
  decision.namespace_name = "evil-namespace";
  decision.outcome = Outcome::kRefuse;
  decision.error_reason = "unsupported_kind";
  metrics.CountDecision(decision, {});
  decision.kind = "Pod";  // a kind of that name in another group
  metrics.CountDecision(decision, {});
  metrics.CountError("evil_reason");
  const std::string text = metrics.Render();
  EXPECT_THAT(text, HasSubstr(R"({decision="refuse",door="validate",kind="other",operation="other"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(tidewaiter_errors_total{reason="unsupported_kind"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(tidewaiter_errors_total{reason="other"} 1)"));
  EXPECT_THAT(text, Not(HasSubstr("vil")));
}

}  // namespace
}  // namespace tidewaiter
