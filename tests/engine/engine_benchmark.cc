// SPDX-License-Identifier: Apache-2.0
//
// How long the engine takes for each of its steps, on the three sizes of review; `./dev bench` runs it.
#include <benchmark/benchmark.h>

#include "tests/testing/fixtures.h"
#include "webhook/engine/injector.h"
#include "webhook/engine/judge.h"
#include "webhook/engine/respond.h"
#include "webhook/kube/admission_review.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

constexpr const char* kReviews[] = {"create-pod.json", "create-pod-typical-hardened.json",
                                    "create-pod-large-hardened.json"};

std::string ReviewText(std::int64_t which) {
  return ReadTestFile(std::filesystem::path(TESTS_DIR) / "fixtures" / "reviews" / kReviews[which]);
}

const PolicySet& Policies() {
  static const std::shared_ptr<const PolicySet> policies = *LoadPolicies({});
  return *policies;
}

std::vector<ActivePolicy> AllPolicies() {
  std::vector<ActivePolicy> all;
  for (const Policy& policy : Policies().policies()) all.push_back({.policy = &policy, .exemptions = {}});
  return all;
}

Pod DecodeReviewPod(const std::string& text) {
  const JsonDocument document = *JsonDocument::Parse(text);
  return DecodeWorkload(*DecodeAdmissionRequest(document.root())->object, "")->pod;
}

void BM_ParseJson(benchmark::State& state) {
  const std::string text = ReviewText(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(JsonDocument::Parse(text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
void BM_Decode(benchmark::State& state) {
  const std::string text = ReviewText(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(DecodeReviewPod(text));
}
void BM_Check(benchmark::State& state) {
  const Pod pod = DecodeReviewPod(ReviewText(state.range(0)));
  const std::vector<ActivePolicy> policies = AllPolicies();
  for (auto _ : state) benchmark::DoNotOptimize(Judge(policies, Policies().rule_count(), {pod, pod}, "", false));
}
void BM_Inject(benchmark::State& state) {
  const Pod pod = DecodeReviewPod(ReviewText(state.range(0)));
  const std::vector<ActivePolicy> policies = AllPolicies();
  for (auto _ : state) {
    Pod copy = pod;
    benchmark::DoNotOptimize(Inject(policies, InjectionKind::kEnforced, EditScope{}, "", true, copy));
  }
}
void BM_RespondValidate(benchmark::State& state) {
  const std::string text = ReviewText(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(Respond(Door::kValidate, {Policies()}, text));
}
void BM_RespondMutate(benchmark::State& state) {
  const std::string text = ReviewText(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(Respond(Door::kMutate, {Policies()}, text));
}

// All shipped policies together.
const PolicySet& ShippedPolicies() {
  static const std::shared_ptr<const PolicySet> policies =
      *LoadPolicies({(std::filesystem::path(TESTS_DIR).parent_path() / "policies").string()});
  return *policies;
}

// A hundred policies of six controls, each with its settings and twenty exemptions, as a cluster of many teams has: a
// tenth holds for the review's namespace, and of the exemptions none.
const PolicySet& ManyPolicies() {
  static const std::shared_ptr<const PolicySet> policies = [] {
    std::string text;
    for (int i = 0; i < 100; ++i) {
      const std::string place = i % 10 == 0 ? "[\"*\"]" : StrCat("[team-", i, ", team-", i, "-test]");
      StrAppend(&text, "---\napiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: p-", i,
                "}\nspec:\n  match: {namespaces: {include: ", place,
                "}}\n  controls:\n    run-as-non-root: {inject: true}\n"
                "    read-only-root-filesystem: {inject: true, writablePaths: [/tmp, /var/cache/",
                i,
                "]}\n"
                "    image-registry: {denied: [\"bad-",
                i,
                ".example.com/*\"]}\n    image-tag: {}\n    image-digest: {}\n"
                "    resources: {maximum: {limits: {memory: ",
                i + 64, "Gi}}}\n  exemptions:\n");
      for (int j = 0; j < 20; ++j) {
        StrAppend(&text, "    - {name: e-", j, ", reason: r, controls: [image-tag, resources], match: {namespaces: [",
                  "team-", i, "], names: [\"app-", j, "-*\"], images: [\"*/legacy-", j, "\"]}}\n");
      }
    }
    return *ParsePolicies(text, "many.yaml");
  }();
  return *policies;
}

void BM_RespondAllShippedPolicies(benchmark::State& state) {
  const std::string text = ReviewText(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(Respond(Door::kValidate, {ShippedPolicies()}, text));
}
void BM_RespondHundredPolicies(benchmark::State& state) {
  const std::string text = ReviewText(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(Respond(Door::kValidate, {ManyPolicies()}, text));
}

// 0 small (3 KB, denied, patched), 1 typical (10 KB, hardened), 2 large (100 KB, hardened).
BENCHMARK(BM_ParseJson)->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Decode)->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Check)->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Inject)->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_RespondValidate)->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_RespondMutate)->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_RespondAllShippedPolicies)->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_RespondHundredPolicies)->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tidewaiter
