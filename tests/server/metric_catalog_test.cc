// SPDX-License-Identifier: Apache-2.0
//
// The catalogue against what the registry really renders: no metric without an entry, no entry without its metric, and
// the closed sets are those of the types they name.
#include "webhook/server/metric_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "webhook/engine/decision.h"
#include "webhook/policy/policy_set.h"
#include "webhook/server/metrics.h"

namespace tidewaiter {
namespace {

using ::testing::Contains;

// Everything that can be counted, once.
std::string RenderEverything() {
  Metrics metrics("1");
  const auto finding = std::make_shared<Finding>();
  finding->control = "c";
  Decision decision;
  decision.findings = {{.policy = "p", .mode = Mode::kEnforce, .finding = finding.get()},
                       {.policy = "p", .mode = Mode::kWarn, .exemption = "e", .finding = finding.get()}};
  decision.injections = {{.policy = "p", .control = "c", .mode = Mode::kAudit, .pointer = "", .value = ""}};
  metrics.CountDecision(decision, {});
  Policy policy;
  policy.name = "p";
  policy.controls.emplace_back();
  policy.exemptions.emplace_back();
  policy.exemptions.back().until = Date(2030, 1, 1);
  std::vector<Policy> policies;
  policies.push_back(std::move(policy));
  metrics.SetPolicies(PolicySet(std::move(policies)), 1);
  metrics.SetClusterSource([] {
    return ClusterState{.resources = {{.resource = "namespaces", .age = {}, .errors = 1}}, .is_leader = true};
  });
  return metrics.Render();
}

TEST(MetricCatalogTest, HasExactlyTheMetricsOfTheRegistry) {
  const std::string text = RenderEverything();
  std::set<std::string> rendered, known;
  const std::regex type_line("# TYPE (\\S+) (\\S+)");
  for (std::sregex_iterator it(text.begin(), text.end(), type_line), end; it != end; ++it) {
    rendered.insert((*it)[1].str() + " " + (*it)[2].str());
  }
  for (const MetricInfo& info : AllMetrics()) {
    known.insert(std::string(info.name) + " " + std::string(MetricTypeName(info.type)));
  }
  EXPECT_EQ(rendered, known);
}

TEST(MetricCatalogTest, EverySampleHasTheLabelsAndValuesThatItSays) {
  const std::string text = RenderEverything();
  const std::regex sample("\n([a-z_]+?)(_bucket|_sum|_count)?(\\{([^}]*)\\})? ");
  const std::regex pair("([a-z]+)=\"([^\"]*)\"");
  int samples = 0;
  for (std::sregex_iterator it(text.begin(), text.end(), sample), end; it != end; ++it, ++samples) {
    const std::string line = it->str(), labels = (*it)[4];
    const MetricInfo& info = FindMetric((*it)[1].str());
    std::set<std::string> names;
    for (std::sregex_iterator label(labels.begin(), labels.end(), pair); label != end; ++label) {
      const std::string name = (*label)[1], value = (*label)[2];
      if (name == "le") continue;
      names.insert(name);
      for (const MetricLabel& known : info.labels) {
        if (known.name != name || known.values.empty()) continue;
        EXPECT_THAT(known.values, Contains(value)) << line;
      }
    }
    std::set<std::string> expected;
    for (const MetricLabel& known : info.labels) expected.emplace(known.name);
    EXPECT_EQ(names, expected) << line;
  }
  EXPECT_GT(samples, 100);
}

TEST(MetricCatalogTest, ClosedSetsAreThoseOfTheTypes) {
  for (const Door door : {Door::kValidate, Door::kMutate, Door::kValidatePolicy}) {
    EXPECT_EQ(kDoorLabels[static_cast<std::size_t>(door)], DoorName(door));
  }
  for (std::size_t i = 0; i < kOutcomeLabels.size(); ++i) {
    EXPECT_EQ(kOutcomeLabels[i], OutcomeName(static_cast<Outcome>(i)));
  }
  EXPECT_THAT(ReasonLabels(), Contains("internal"));
  EXPECT_THAT(KindLabels(), Contains("PodPolicy"));
}

TEST(MetricCatalogTest, EveryLabelIsExplained) {
  for (const MetricInfo& info : AllMetrics()) {
    EXPECT_FALSE(info.help.empty()) << info.name;
    for (const MetricLabel& label : info.labels) EXPECT_NE(label.values.empty(), label.meaning.empty()) << info.name;
  }
}

}  // namespace
}  // namespace tidewaiter
