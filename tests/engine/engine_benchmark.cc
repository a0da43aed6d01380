// SPDX-License-Identifier: Apache-2.0
//
// How long the engine takes for each of its steps, on the three sizes of review; `./dev bench` runs it.
#include <benchmark/benchmark.h>

#include "tests/testing/benchmark_policies.h"
#include "webhook/engine/injector.h"
#include "webhook/engine/judge.h"
#include "webhook/engine/respond.h"
#include "webhook/kube/admission_review.h"

namespace tidewaiter {
namespace {

std::vector<ActivePolicy> AllPolicies() {
  std::vector<ActivePolicy> all;
  for (const Policy& policy : OnePolicy().policies()) all.push_back({.policy = &policy, .exemptions = {}});
  return all;
}

// The Pod lives as long as the document.
Pod DecodeReviewPod(const JsonDocument& document) {
  return DecodeWorkload(*DecodeAdmissionRequest(document.root())->object, "").value().pod;
}

void BM_ParseJson(benchmark::State& state) {
  const std::string text = MeasuredReview(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(JsonDocument::Parse(text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
void BM_Decode(benchmark::State& state) {
  const std::string text = MeasuredReview(state.range(0));
  for (auto _ : state) {
    const JsonDocument document = *JsonDocument::Parse(text);
    benchmark::DoNotOptimize(DecodeReviewPod(document));
  }
}
void BM_Check(benchmark::State& state) {
  const JsonDocument document = *JsonDocument::Parse(MeasuredReview(state.range(0)));
  const Pod pod = DecodeReviewPod(document);
  const std::vector<ActivePolicy> policies = AllPolicies();
  for (auto _ : state) benchmark::DoNotOptimize(Judge(policies, OnePolicy().rule_count(), {pod, pod}, "", false));
}
void BM_Inject(benchmark::State& state) {
  const JsonDocument document = *JsonDocument::Parse(MeasuredReview(state.range(0)));
  const Pod pod = DecodeReviewPod(document);
  const std::vector<ActivePolicy> policies = AllPolicies();
  for (auto _ : state) {
    Pod copy = pod;
    benchmark::DoNotOptimize(Inject(policies, InjectionKind::kEnforced, EditScope{}, "", true, copy));
  }
}
void BM_RespondValidate(benchmark::State& state) {
  const std::string text = MeasuredReview(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(Respond(Door::kValidate, {OnePolicy()}, text));
}
void BM_RespondMutate(benchmark::State& state) {
  const std::string text = MeasuredReview(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(Respond(Door::kMutate, {OnePolicy()}, text));
}

void BM_RespondAllShippedPolicies(benchmark::State& state) {
  const std::string text = MeasuredReview(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(Respond(Door::kValidate, {ShippedPolicies()}, text));
}
void BM_RespondHundredPolicies(benchmark::State& state) {
  const std::string text = MeasuredReview(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(Respond(Door::kValidate, {HundredPolicies()}, text));
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
