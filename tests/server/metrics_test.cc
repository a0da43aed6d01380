// SPDX-License-Identifier: Apache-2.0
//
// The exposition: names and labels that users build dashboards on, and that nothing of a workload gets into them.
#include "webhook/server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "tests/testing/temporary_folder.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPolicy[] = R"(
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: tags}
spec:
  mode: warn
  controls: {image-tag: {mode: enforce}, image-digest: {}, probes: {}}
  exemptions: [{name: e, controls: [probes], match: {names: [a]}, reason: r, until: "1970-01-01"}]
)";

TEST(MetricsTest, EveryNameAndLabel) {
  const TemporaryFolder folder;
  folder.Write("policy.yaml", kPolicy);
  const std::shared_ptr<const PolicySet> policies = *LoadPolicies({folder.Path("policy.yaml")});
  Metrics metrics("1.2.3");
  Decision decision;
  decision.door = Door::kValidate;
  decision.outcome = Outcome::kDeny;
  decision.kind = "Pod";
  decision.operation = "CREATE";
  const auto finding = std::make_shared<Finding>();
  finding->control = "c";
  decision.findings.push_back({.policy = "p", .mode = Mode::kWarn, .is_inherited = false, .finding = finding.get()});
  decision.injections.push_back({.policy = "p", .control = "c", .mode = Mode::kEnforce, .pointer = "", .value = ""});
  decision.injections.push_back({.policy = "p", .control = "c", .mode = Mode::kAudit, .pointer = "", .value = ""});
  decision.findings.push_back({.policy = "p", .mode = Mode::kEnforce, .is_inherited = true, .finding = finding.get()});
  metrics.CountDecision(decision, std::chrono::microseconds(70));
  metrics.CountDecision(decision, std::chrono::microseconds(70));
  decision.findings = {{.policy = "p", .mode = Mode::kEnforce, .is_inherited = false, .finding = finding.get()},
                       {.policy = "p", .mode = Mode::kEnforce, .exemption = "e", .finding = finding.get()}};
  decision.injections.clear();
  decision.door = Door::kValidatePolicy;
  metrics.CountDecision(decision, std::chrono::microseconds(70));
  metrics.CountReload(true);
  metrics.SetPolicies(*policies, 777);
  metrics.SetFilesInvalid(true);
  metrics.SetInvalidResources(4);
  metrics.SetCertificateValidity(1200, 1234);
  metrics.SetConnectionSource([] { return ConnectionCounts{.handshaking = 1, .active = 2, .parked = 3}; });
  const std::string text = metrics.Render();
  for (const char* line : {
           R"(tidewaiter_admission_requests_total{decision="deny",door="validate",kind="Pod",operation="CREATE"} 2)",
           R"(tidewaiter_admission_duration_seconds_count{door="validate"} 2)",
           R"(tidewaiter_admission_duration_seconds_bucket{door="validate",le="5e-05"} 0)",
           R"(tidewaiter_admission_duration_seconds_bucket{door="validate",le="0.0001"} 2)",
           R"(tidewaiter_admission_duration_seconds_bucket{door="mutate",le="30"} 0)",
           R"(tidewaiter_findings_total{control="c",mode="warn",policy="p"} 2)",
           R"(tidewaiter_findings_total{control="c",mode="enforce",policy="p"} 3)",
           R"(tidewaiter_denials_total{control="c",policy="p"} 1)",
           R"(tidewaiter_exempted_total{exemption="e",policy="p"} 1)",
           R"(tidewaiter_injections_total{control="c",mode="enforce",policy="p"} 2)",
           R"(tidewaiter_injections_total{control="c",mode="audit",policy="p"} 2)",
           R"(tidewaiter_errors_total{reason="internal"} 0)",
           R"(tidewaiter_policy_reloads_total{result="success"} 1)",
           R"(tidewaiter_policy_reloads_total{result="failure"} 0)",
           "tidewaiter_policies_loaded 1",
           "tidewaiter_policy_last_change_timestamp_seconds 777",
           R"(tidewaiter_policy_controls{mode="enforce",policy="tags"} 1)",
           R"(tidewaiter_policy_controls{mode="warn",policy="tags"} 2)",
           R"(tidewaiter_exemption_expiry_timestamp_seconds{exemption="e",policy="tags"} 86400)",
           R"(tidewaiter_policies_invalid{source="files"} 1)",
           R"(tidewaiter_policies_invalid{source="resources"} 4)",
           "tidewaiter_certificate_start_timestamp_seconds 1200",
           "tidewaiter_certificate_expiry_timestamp_seconds 1234",
           R"(tidewaiter_connections{state="handshaking"} 1)",
           R"(tidewaiter_connections{state="active"} 2)",
           R"(tidewaiter_connections{state="parked"} 3)",
           R"(tidewaiter_build_info{version="1.2.3"} 1)",
       }) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
}

TEST(MetricsTest, PoliciesThatAreGoneAreGone) {
  const TemporaryFolder folder;
  folder.Write("policy.yaml", kPolicy);
  Metrics metrics("1");
  metrics.SetPolicies(**LoadPolicies({folder.Path("policy.yaml")}), 1);
  metrics.SetPolicies(**LoadPolicies({folder.Path("policy.yaml")}), 2);
  EXPECT_THAT(metrics.Render(), HasSubstr("policy=\"tags\""));
  metrics.SetPolicies(PolicySet(), 3);
  EXPECT_THAT(metrics.Render(), Not(HasSubstr("policy=\"tags\"")));
}

TEST(MetricsTest, TheProcessIsThisOne) {
  const Metrics metrics("1");
  const std::string text = metrics.Render();
  const auto value = [&](const std::string& name) {
    const std::size_t begin = text.find("\n" + name + " ");
    return begin == std::string::npos ? -1 : std::stod(text.substr(begin + name.size() + 2));
  };
  EXPECT_GT(value("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value("process_virtual_memory_bytes"), value("process_resident_memory_bytes"));
  EXPECT_GE(value("process_threads"), 1);
  EXPECT_GE(value("process_open_fds"), 3);
  EXPECT_GT(value("process_max_fds"), value("process_open_fds"));
  EXPECT_NEAR(value("process_start_time_seconds"), static_cast<double>(std::time(nullptr)), 600);
  EXPECT_GE(value("process_cpu_seconds_total"), 0);
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
