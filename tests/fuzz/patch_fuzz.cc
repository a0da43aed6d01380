// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the patch: a byte chooses the policies, the rest is a Pod. The patch that its creation is answered with,
// applied by nlohmann_json's RFC 6902, which shares nothing with ours, must make the Pod that the editor made, change
// nothing that is not recorded, take nothing a user wrote, and find nothing to do a second time.
#include "tests/fuzz/fuzz_policies.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/json_mutator.h"
#include "tests/testing/reviews.h"
#include "webhook/engine/injector.h"
#include "webhook/engine/respond.h"

namespace tidewaiter {
namespace {

using nlohmann::json;

absl::StatusOr<Pod> Decode(const json& object) {
  absl::StatusOr<JsonDocument> document = JsonDocument::Parse(object.dump());
  if (!document.ok()) return document.status();
  absl::StatusOr<Pod> pod = DecodePod(document->root());
  if (pod.ok()) pod->texts.Keep(std::make_shared<const JsonDocument>(*std::move(document)));
  return pod;
}

bool IsPrefix(const std::string& prefix, const std::string& pointer) {
  return pointer == prefix || pointer.starts_with(prefix + "/");
}

// Nothing but what is recorded is different.
void CheckChanges(json before, const json& after, const std::vector<Injection>& injections) {
  for (auto injection = injections.rbegin(); injection != injections.rend(); ++injection) {
    if (injection->value == "null") before = before.patch({{{"op", "remove"}, {"path", injection->pointer}}});
  }
  for (const json& operation : json::diff(before, after)) {
    std::string pointer = operation.at("path");
    // A null is as good as nothing, so that it may be replaced.
    const bool is_null = operation.at("op") == "replace" && before.at(json::json_pointer(pointer)).is_null();
    FUZZ_CHECK(operation.at("op") == "add" || is_null, operation);
    if (pointer.ends_with("/-")) pointer.resize(pointer.size() - 2);
    FUZZ_CHECK(std::any_of(injections.begin(), injections.end(),
                           [&](const Injection& injection) {
                             return IsPrefix(pointer, injection.pointer) || IsPrefix(injection.pointer, pointer);
                           }),
               operation);
  }
}

void CheckPatch(const PolicySet& policies, const json& object) {
  absl::StatusOr<Pod> edited = Decode(object);
  if (!edited.ok() || edited->is_mirror()) return;
  const Answer answer = Review(Door::kMutate, {policies}, NewReview(object).dump());
  const json body = json::parse(answer.body);
  if (!answer.decision.is_allowed()) {  // the engine reads more of an object than its Pod: names, owners
    FUZZ_CHECK(answer.decision.error_reason == "unreadable_object", body);
    return;
  }
  const json patch = PatchOf(body);
  const json after = object.patch(patch);  // throws where it does not apply
  edited->namespace_name = "default";
  const InjectionResult result = Inject({{.policy = &policies.policies()[0], .is_held_back = false, .exemptions = {}}},
                                        InjectionKind::kEnforced, EditScope{}, "", true, *edited);
  FUZZ_CHECK(result.patch.empty() ? patch.empty() : json::parse(result.patch) == patch, patch);
  absl::StatusOr<Pod> patched = Decode(after);
  FUZZ_CHECK(patched.ok(), patched.status() << after);
  patched->namespace_name = "default";
  FUZZ_CHECK(*patched == *edited, patch);
  CheckChanges(object, after, answer.decision.injections);
  const Answer again = Review(Door::kMutate, {policies}, NewReview(after).dump());
  FUZZ_CHECK(again.decision.patch.empty(), again.decision.patch << " after " << patch);
}

JsonMutator& Mutator() {
  static JsonMutator mutator(FixturePods());
  return mutator;
}

}  // namespace
}  // namespace tidewaiter

// Before the clock of the first input runs.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  tidewaiter::EnforcingSets();
  tidewaiter::Mutator();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return -1;
  const nlohmann::json object = nlohmann::json::parse(data + 1, data + size, nullptr, false);
  if (!object.is_object()) return -1;
  const auto& sets = tidewaiter::EnforcingSets();
  tidewaiter::CheckPatch(sets[data[0] % sets.size()], object);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
  if (size == 0 || max_size < 2) return LLVMFuzzerMutate(data, size, max_size);
  if (seed % 16 == 0) data[0] = static_cast<std::uint8_t>('0' + seed / 16 % 16);
  return 1 + tidewaiter::Mutator().Mutate(data + 1, size - 1, max_size - 1, seed);
}
