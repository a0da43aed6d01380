// SPDX-License-Identifier: Apache-2.0
//
// Policy sets that together apply every control with many settings, made of the fixtures of the controls, and the Pods
// of those fixtures.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing/benchmark_policies.h"
#include "tests/testing/fixtures.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

inline std::vector<nlohmann::json> FixturePods() {
  std::vector<nlohmann::json> pods;
  for (const ControlFixture& fixture : AllFixtures()) pods.push_back(fixture.pod);
  return pods;
}

// Every control once, with the settings of its `round`th fixture, counted around.
inline Policy PolicyOfFixtures(std::size_t round, std::string name, Mode mode) {
  std::map<std::string_view, std::vector<const ControlFixture*>> fixtures;
  for (const ControlFixture& fixture : AllFixtures()) fixtures[fixture.control->info.id].push_back(&fixture);
  Policy policy;
  policy.name = std::move(name);
  for (const auto& [id, all] : fixtures) {
    const ControlFixture& fixture = *all[round % all.size()];
    policy.controls.push_back({.control = fixture.control,
                               .mode = mode,
                               .settings = ParseFixtureSettings(fixture),
                               .fingerprint = fixture.name});
  }
  return policy;
}

// Several rounds, each a set of one policy in mode enforce.
inline const std::vector<PolicySet>& EnforcingSets() {
  static const std::vector<PolicySet> sets = [] {
    std::vector<PolicySet> all;
    for (std::size_t round = 0; round < 16; ++round) {
      all.push_back(PolicySet({PolicyOfFixtures(round, "enforcing", Mode::kEnforce)}));
    }
    return all;
  }();
  return sets;
}

// Sets that use what a policy can say besides its controls: other modes, several policies at once, selectors,
// exemptions, shares, dates, custom resources. And the ones that are shipped.
inline const std::vector<PolicySet>& AllSets() {
  static const std::vector<PolicySet> sets = [] {
    std::vector<PolicySet> all = EnforcingSets();
    for (std::size_t round = 0; round < 4; ++round) {
      all.push_back(PolicySet({PolicyOfFixtures(round, "auditing", Mode::kAudit),
                               PolicyOfFixtures(round + 1, "enforcing", Mode::kEnforce),
                               PolicyOfFixtures(round + 2, "warning", Mode::kWarn)}));
    }
    all.push_back(OnePolicy());
    all.push_back(ShippedPolicies());
    all.push_back(**ParsePolicies(ReadTestFile(std::filesystem::path(TESTS_DIR) / "fuzz" / "policies.yaml"), "p.yaml"));
    return all;
  }();
  return sets;
}

}  // namespace tidewaiter
