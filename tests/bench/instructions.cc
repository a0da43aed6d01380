// SPDX-License-Identifier: Apache-2.0
//
// One case of the engine's work, done a given number of times, for tests/bench/instructions.py to count its
// instructions under callgrind: `instructions REVIEW POLICIES DOOR TIMES`. Only what MeasuredReviews does is counted.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/testing/benchmark_policies.h"
#include "webhook/engine/respond.h"

namespace {

using tidewaiter::Door;
using tidewaiter::PolicySet;

std::size_t answered_bytes = 0;

const PolicySet* PoliciesOf(std::string_view name) {
  if (name == "one") return &tidewaiter::OnePolicy();
  if (name == "shipped") return &tidewaiter::ShippedPolicies();
  return name == "hundred" ? &tidewaiter::HundredPolicies() : nullptr;
}

}  // namespace

// A name that callgrind can be told, whatever the compiler inlines.
extern "C" [[gnu::noinline, gnu::noclone, gnu::used]] void MeasuredReviews(Door door, const PolicySet& policies,
                                                                           const std::string& review, int times);
void MeasuredReviews(Door door, const PolicySet& policies, const std::string& review, int times) {
  for (int i = 0; i < times; ++i) answered_bytes += tidewaiter::Respond(door, {policies}, review).size();
}

int main(int argc, char** argv) {
  constexpr std::string_view kSizes[] = {"small", "typical", "large"};
  if (argc != 5) return 2;
  std::int64_t which = 0;
  while (which < 3 && kSizes[which] != argv[1]) ++which;
  const PolicySet* policies = PoliciesOf(argv[2]);
  if (which == 3 || policies == nullptr) return 2;
  const Door door = std::string_view(argv[3]) == "mutate" ? Door::kMutate : Door::kValidate;
  const std::string review = tidewaiter::MeasuredReview(which);
  // The first reviews fill pools, caches of the allocator and the dynamic linker's tables.
  constexpr int kWarmUp = 5;
  for (int i = 0; i < kWarmUp; ++i) answered_bytes += tidewaiter::Respond(door, {*policies}, review).size();
  MeasuredReviews(door, *policies, review, std::atoi(argv[4]));
  std::printf("%zu\n", answered_bytes);
  return 0;
}
