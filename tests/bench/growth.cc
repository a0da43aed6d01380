// SPDX-License-Identifier: Apache-2.0
//
// How a review's cost grows with one thing at a time: containers, policies, exemptions, namespaces. `growth` lists the
// cases, `growth CASE N` times one (CPU microseconds a review), and `growth CASE N TIMES` does that many reviews and
// has callgrind count them alone (--instr-atstart=no). tests/bench/growth.py runs it, tests/bench/growth_test.py bounds
// it.
#include <valgrind/callgrind.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tests/testing/benchmark_policies.h"
#include "webhook/engine/respond.h"

namespace {

using tidewaiter::Door;
using tidewaiter::FixedNamespaces;
using tidewaiter::Labels;
using tidewaiter::MeasuredReview;
using tidewaiter::ParsePolicies;
using tidewaiter::PolicySet;
using tidewaiter::StrCat;

constexpr std::int64_t kSmall = 0;                  // of MeasuredReview: denied
constexpr std::int64_t kTypical = 1;                // hardened
constexpr std::string_view kNamespace = "default";  // of both

// What one case measures.
struct Work {
  Door door = Door::kValidate;
  std::shared_ptr<const PolicySet> policies;
  std::shared_ptr<const FixedNamespaces> namespaces;
  std::string review;
};

// The review with its first container N times, each under a name of its own.
std::string WithContainers(std::int64_t which, int count) {
  nlohmann::json review = nlohmann::json::parse(MeasuredReview(which));
  nlohmann::json& containers = review["request"]["object"]["spec"]["containers"];
  nlohmann::json container = containers[0];
  containers = nlohmann::json::array();
  for (int i = 0; i < count; ++i) {
    container["name"] = StrCat("c", i);
    containers.push_back(container);
  }
  return review.dump();
}

std::shared_ptr<const PolicySet> Parse(const std::string& text) {
  const absl::StatusOr<std::shared_ptr<const PolicySet>> policies = ParsePolicies(text, "growth.yaml");
  if (policies.ok()) return *policies;
  std::fprintf(stderr, "%s\n", policies.status().ToString().c_str());
  std::exit(2);
}

std::string PolicyHead(std::string_view name, std::string_view match) {
  return StrCat("---\napiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: ", name, "}\nspec:\n",
                match.empty() ? "" : StrCat("  match: ", match, "\n"));
}

// Six controls, with settings that no other policy has, as those of many teams.
std::string ControlsOfTeam(int i) {
  return StrCat(
      "  controls:\n    run-as-non-root: {inject: true}\n    read-only-root-filesystem: {inject: true, writablePaths: "
      "[/tmp, /var/cache/",
      i, "]}\n    image-registry: {denied: [\"bad-", i, ".example.com/*\"]}\n    image-tag: {forbidden: [latest, dev-",
      i, "]}\n    image-digest: {}\n    resources: {maximum: {limits: {memory: ", i + 64, "Gi}}}\n");
}

// One policy for all namespaces and N of teams, whose `match` holds `#` where the team's number belongs.
std::shared_ptr<const PolicySet> Teams(int count, std::string_view match) {
  std::string text = PolicyHead("all", "") + ControlsOfTeam(count);
  for (int i = 0; i < count; ++i) {
    std::string own(match);
    for (std::size_t at; (at = own.find('#')) != std::string::npos;) own.replace(at, 1, std::to_string(i));
    text += PolicyHead(StrCat("team-", i), own) + ControlsOfTeam(i);
  }
  return Parse(text);
}

// One policy with N exemptions, whose `match` holds `#` where the number belongs.
std::shared_ptr<const PolicySet> Exempting(int count, std::string_view match) {
  std::string text = PolicyHead("all", "") + ControlsOfTeam(0) + "  exemptions:\n";
  for (int i = 0; i < count; ++i) {
    std::string own(match);
    for (std::size_t at; (at = own.find('#')) != std::string::npos;) own.replace(at, 1, std::to_string(i));
    text += StrCat("    - {name: e-", i, ", reason: r, controls: [image-tag, resources], match: ", own, "}\n");
  }
  return Parse(text);
}

std::shared_ptr<const FixedNamespaces> Namespaces(int count) {
  auto namespaces = std::make_shared<FixedNamespaces>();
  const auto labels = [](std::string_view name) {
    Labels made = {{"kubernetes.io/metadata.name", std::string(name)}};
    for (int i = 0; i < 10; ++i) made.emplace(StrCat("example.com/label-", i), StrCat("value-", i));
    return made;
  };
  namespaces->Add(std::string(kNamespace), labels(kNamespace));
  for (int i = 1; i < count; ++i) namespaces->Add(StrCat("team-", i), labels(StrCat("team-", i)));
  return namespaces;
}

Work OfPolicies(std::shared_ptr<const PolicySet> policies, std::int64_t which = kTypical) {
  return {.door = Door::kValidate,
          .policies = std::move(policies),
          .namespaces = Namespaces(1),
          .review = MeasuredReview(which)};
}
Work OfContainers(Door door, std::int64_t which, int count, std::string_view policy) {
  return {.door = door,
          .policies = Parse(std::string(policy)),
          .namespaces = nullptr,
          .review = WithContainers(which, count)};
}

struct Case {
  const char* name;
  Work (*make)(int count);
};

const std::string kRestricted = PolicyHead("restricted", "") + "  podSecurity: {level: restricted, version: latest}\n";

constexpr Case kCases[] = {
    // Hardened containers are allowed; bare ones are injected into at one door and denied at the other.
    {"containers/allowed",
     [](int n) { return OfContainers(Door::kValidate, kTypical, n, tidewaiter::EmbeddedPolicyText()); }},
    {"containers/injected",
     [](int n) { return OfContainers(Door::kMutate, kSmall, n, tidewaiter::EmbeddedPolicyText()); }},
    {"containers/denied", [](int n) { return OfContainers(Door::kValidate, kSmall, n, kRestricted); }},
    // Policies that do not match, each for another reason, and policies that do.
    {"policies/other-namespace", [](int n) { return OfPolicies(Teams(n, "{namespaces: {include: [team-#]}}")); }},
    {"policies/other-glob", [](int n) { return OfPolicies(Teams(n, "{namespaces: {include: [\"team-#-*\"]}}")); }},
    {"policies/other-label",
     [](int n) { return OfPolicies(Teams(n, "{namespaceSelector: {matchLabels: {team: \"#\"}}}")); }},
    {"policies/other-object",
     [](int n) { return OfPolicies(Teams(n, "{objectSelector: {matchLabels: {team: \"#\"}}}")); }},
    {"policies/matching", [](int n) { return OfPolicies(Teams(n, "")); }},
    // Exemptions that do not hold, each for another reason, and exemptions that do; the Pod has findings.
    {"exemptions/other-namespace",
     [](int n) { return OfPolicies(Exempting(n, "{namespaces: [team-#], names: [\"app-*\"]}"), kSmall); }},
    {"exemptions/other-name", [](int n) { return OfPolicies(Exempting(n, "{names: [\"app-#-*\"]}"), kSmall); }},
    {"exemptions/other-image",
     [](int n) { return OfPolicies(Exempting(n, "{images: [\"registry.example.com/legacy-#\"]}"), kSmall); }},
    {"exemptions/matching", [](int n) { return OfPolicies(Exempting(n, "{namespaces: [default, team-#]}"), kSmall); }},
    // The selector asks for the namespace's labels.
    {"namespaces/selector",
     [](int n) {
       Work work = OfPolicies(Teams(0, ""));
       work.policies = Parse(PolicyHead("all", "{namespaceSelector: {matchLabels: {example.com/label-1: value-1}}}") +
                             ControlsOfTeam(0));
       work.namespaces = Namespaces(n);
       return work;
     }},
};

std::size_t answered_bytes = 0;

double ThreadMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

void DoReviews(const Work& work, int times) {
  for (int i = 0; i < times; ++i) {
    answered_bytes +=
        Respond(work.door, {.policies = *work.policies, .namespaces = work.namespaces.get()}, work.review).size();
  }
}

// CPU microseconds a review: the least of several batches, so that what else the machine does counts little.
double TimeReviews(const Work& work) {
  constexpr double kBatch = 15'000;  // microseconds
  constexpr int kBatches = 9;
  const double start = ThreadMicroseconds();
  DoReviews(work, 1);
  const int times = std::max(1, static_cast<int>(kBatch / std::max(1.0, ThreadMicroseconds() - start)));
  double least = 1e18;
  for (int i = 0; i < kBatches; ++i) {
    const double before = ThreadMicroseconds();
    DoReviews(work, times);
    least = std::min(least, (ThreadMicroseconds() - before) / times);
  }
  return least;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    for (const Case& each : kCases) std::printf("%s\n", each.name);
    return 0;
  }
  const auto found = std::find_if(std::begin(kCases), std::end(kCases),
                                  [&](const Case& each) { return argv[1] == std::string_view(each.name); });
  if (found == std::end(kCases) || argc < 3 || argc > 4 || std::atoi(argv[2]) < 1) return 2;
  const Work work = found->make(std::atoi(argv[2]));
  // The first reviews fill pools, caches of the allocator and the dynamic linker's tables.
  constexpr int kWarmUp = 3;
  DoReviews(work, kWarmUp);
  if (argc == 4) {
    CALLGRIND_START_INSTRUMENTATION;
    DoReviews(work, std::atoi(argv[3]));
    CALLGRIND_STOP_INSTRUMENTATION;
    std::printf("%zu\n", answered_bytes);
  } else {
    std::printf("%.3f\n", TimeReviews(work));
  }
  return 0;
}
