// SPDX-License-Identifier: Apache-2.0
//
// Our checks of the Pod Security Standards against Kubernetes' own, which the Go program in upstream/ runs: for
// every Pod, both levels and every version the same checks must fail. Environment: ORACLE_SEED repeats a run,
// ORACLE_COUNT sets the number of random Pods.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "webhook/controls/base/control.h"
#include "webhook/kube/pod_decoder.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Ids = std::set<std::string, std::less<>>;
using IdsByVersion = std::vector<Ids>;  // at N those of v1.N

constexpr std::array<std::string_view, 2> kLevels = {"baseline", "restricted"};
constexpr int kVersions = kNewestStandardMinor + 1;

// Calls take(line) for each line that `oracle <arguments>` prints; a failed test when it ends with an error.
void ForEachLine(const std::string& arguments, const std::function<void(const std::string&)>& take) {
  const std::string command = StrCat("'", ORACLE_PROGRAM, "' ", arguments);
  std::FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr) << command;
  char* line = nullptr;
  std::size_t capacity = 0;
  for (ssize_t length = 0; (length = getline(&line, &capacity, pipe)) > 0;) {
    take(std::string(line, static_cast<std::size_t>(length)));
  }
  std::free(line);
  EXPECT_EQ(pclose(pipe), 0) << command;
}

// `[{"from":"v1.0","to":"v1.18","ids":[...]}]`
IdsByVersion ReadSpans(const nlohmann::json& spans) {
  IdsByVersion failing(kVersions);
  const auto minor_of = [](const nlohmann::json& version) { return std::stoi(version.get<std::string>().substr(3)); };
  for (const nlohmann::json& span : spans) {
    for (int minor = minor_of(span.at("from")); minor <= minor_of(span.at("to")); ++minor) {
      for (const std::string id : span.at("ids")) failing.at(static_cast<std::size_t>(minor)).insert(id);
    }
  }
  return failing;
}

// The checks of one level and version, with the settings that a policy's spec.podSecurity gives them.
struct Check {
  const Control* control;
  ControlSettings settings;
};

std::vector<Check> ChecksOf(std::string_view level, int minor) {
  std::vector<Check> checks;
  for (const Control* control : StandardControls(level, minor)) {
    checks.push_back({control, control->parse(nullptr, {.minor = minor, .is_expanded = true}).value()});
  }
  return checks;
}

class Comparison {
 public:
  Comparison() {
    for (const std::string_view level : kLevels) {
      for (int minor = 0; minor < kVersions; ++minor) checks_[level].push_back(ChecksOf(level, minor));
    }
  }

  // One line of the oracle.
  void Compare(const std::string& line) {
    const nlohmann::json answer = nlohmann::json::parse(line);
    const std::string text = answer.at("pod").dump();
    const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
    ASSERT_TRUE(document.ok()) << document.status();
    const absl::StatusOr<Pod> pod = DecodePod(document->root());
    ASSERT_TRUE(pod.ok()) << pod.status() << "\n" << answer.at("origin") << "\n" << text;
    ++pods_;
    Ids seen;
    for (const std::string_view level : kLevels) {
      const IdsByVersion expected = ReadSpans(answer.at("failing").at(std::string(level)));
      for (std::size_t minor = 0; minor < kVersions; ++minor) {
        const Ids found = Failing(*pod, checks_[level][minor]);
        seen.insert(found.begin(), found.end());
        if (found == expected[minor]) continue;
        if (++differences_ > kShown) continue;
        ADD_FAILURE() << answer.at("origin") << ", " << level << " v1." << minor
                      << "\nfails upstream: " << nlohmann::json(expected[minor])
                      << "\nfails here:     " << nlohmann::json(found) << "\n"
                      << text;
      }
    }
    for (const std::string& id : seen) ++pods_by_id_[id];
  }

  int pods() const { return pods_; }
  int differences() const { return differences_; }
  // Of how many Pods in a hundred the check refused some version.
  double PercentRefusedBy(std::string_view id) const {
    const auto found = pods_by_id_.find(id);
    return found == pods_by_id_.end() ? 0 : 100.0 * found->second / pods_;
  }

 private:
  static constexpr int kShown = 20;

  static Ids Failing(const Pod& pod, const std::vector<Check>& checks) {
    Ids failing;
    for (const Check& check : checks) {
      Findings findings;
      check.control->check(pod, check.settings.get(), findings);
      if (!findings.empty()) failing.insert(std::string(check.control->info.id));
    }
    return failing;
  }

  std::map<std::string_view, std::vector<std::vector<Check>>> checks_;
  std::map<std::string, int, std::less<>> pods_by_id_;
  int pods_ = 0;
  int differences_ = 0;
};

std::string FromEnvironment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

TEST(OracleTest, UpstreamFixtures) {
  Comparison comparison;
  ForEachLine("fixtures", [&](const std::string& line) { comparison.Compare(line); });
  EXPECT_EQ(comparison.differences(), 0);
  EXPECT_GT(comparison.pods(), 1000);
  std::cout << comparison.pods() << " fixtures, " << comparison.differences() << " differences\n";
}

TEST(OracleTest, RandomPods) {
  const std::string seed = FromEnvironment("ORACLE_SEED", std::to_string(std::random_device{}()));
  const int count = std::stoi(FromEnvironment("ORACLE_COUNT", "5000"));
  SCOPED_TRACE("repeat with ORACLE_SEED=" + seed);
  std::cout << "ORACLE_SEED=" << seed << std::endl;
  Comparison comparison;
  ForEachLine(StrCat("generate --seed ", seed, " --count ", count),
              [&](const std::string& line) { comparison.Compare(line); });
  EXPECT_EQ(comparison.differences(), 0);
  EXPECT_EQ(comparison.pods(), count);
  std::cout << comparison.pods() << " Pods, " << comparison.differences() << " differences\n";
  if (count < 5000) return;  // too few for shares
  // Pods that a check never or always refuses would prove little about it.
  for (const Control* control : AllControls()) {
    if (control->info.level == "recommended") continue;
    EXPECT_GT(comparison.PercentRefusedBy(control->info.id), 4) << control->info.id;
    EXPECT_LT(comparison.PercentRefusedBy(control->info.id), 65) << control->info.id;
  }
}

}  // namespace
}  // namespace tidewaiter
