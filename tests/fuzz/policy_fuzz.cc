// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the loader of policies: it takes or refuses any text, an error is lines that each name a place in the file,
// and what it takes can judge, be asked for oddities, and loads the same twice.
#include "tests/fuzz/fuzz_policies.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/testing/reviews.h"
#include "webhook/engine/respond.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_warnings.h"

namespace tidewaiter {
namespace {

void CheckLines(std::string_view message) {
  FUZZ_CHECK(!message.empty());
  for (const std::string_view line : Split(message, '\n')) {
    const bool is_rest = line.starts_with("and ") && line.ends_with(" more errors");
    FUZZ_CHECK(is_rest || line.starts_with("file.yaml:"), message);
    for (const char c : line) FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, nlohmann::json(message));
  }
}

void CheckPolicies(std::string_view text) {
  const auto policies = ParsePolicies(text, "file.yaml");
  const auto again = ParsePolicies(text, "file.yaml");
  FUZZ_CHECK(policies.status() == again.status(), policies.status());
  if (!policies.ok()) return CheckLines(MessageOf(policies.status()));
  for (const std::string& warning : FindPolicyWarnings(**policies, Date(2026, 6, 1))) CheckLines(warning);
  for (std::int64_t which : {0, 1}) {
    const std::string review = MeasuredReview(which);
    for (const Door door : {Door::kMutate, Door::kValidate}) {
      const Answer answer = Review(door, {**policies}, review);
      FUZZ_CHECK(answer.http_status == 200 && answer.decision.outcome != Outcome::kError, answer.body);
      FUZZ_CHECK(answer.body == Respond(door, {**again}, review), answer.body);
    }
  }
}

}  // namespace
}  // namespace tidewaiter

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidewaiter::CheckPolicies(tidewaiter::InputText(data, size));
  return 0;
}
