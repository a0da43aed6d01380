// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes Respond: any text at every door, under one of many policy sets. Whatever it is, it is answered: with valid
// JSON, the uid of the request, the same text twice, allowed only when nothing that enforces was found, and a patch
// that applies.
#include "tests/fuzz/fuzz_policies.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/json_mutator.h"
#include "tests/testing/reviews.h"
#include "webhook/engine/message_limits.h"
#include "webhook/engine/respond.h"
#include "webhook/kube/stable_hash.h"

namespace tidewaiter {
namespace {

using nlohmann::json;

// The same set for all texts with one uid: what is mutated elsewhere is still judged alike.
const PolicySet& ChooseSet(std::string_view body) {
  const std::size_t place = std::min(body.find("\"uid\""), body.size());
  return AllSets()[StableHash(body.substr(place, 20)) % AllSets().size()];
}

std::shared_ptr<const FixedNamespaces> Namespaces() {
  static const auto namespaces = [] {
    auto fixed = std::make_shared<FixedNamespaces>();
    fixed->Add("default", {{"env", "prod"}, {"kubernetes.io/metadata.name", "default"}});
    fixed->Add("shop", {{"env", "test"}, {"kubernetes.io/metadata.name", "shop"}});
    return fixed;
  }();
  return namespaces;
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

void CheckTexts(const json& response) {
  std::size_t size = 0;
  const json warnings = response.value("warnings", json::array());
  const json annotations = response.value("auditAnnotations", json::object());
  for (const json& warning : warnings) {
    const std::string text = warning;
    size += text.size();
    FUZZ_CHECK(!text.empty() && text.size() <= kMaxWarningBytes && !HasControlCharacter(text), warning);
  }
  FUZZ_CHECK(size <= kMaxWarningsBytes, size);
  for (const auto& [key, value] : annotations.items()) {
    FUZZ_CHECK(!key.empty() && key.size() <= 63 && key.find('/') == std::string::npos, key);
    FUZZ_CHECK(value.get<std::string>().size() <= kMaxAnnotationBytes, value);
  }
}

void CheckReview(const EngineJson& read, Door door, const Answer& answer) {
  const json body = json::parse(answer.body);
  FUZZ_CHECK(body.at("apiVersion") == "admission.k8s.io/v1" && body.at("kind") == "AdmissionReview", body);
  const json& response = body.at("response");
  const json& request = read.json.at("request");
  if (!read.has_repeated_keys) FUZZ_CHECK(response.at("uid") == request.at("uid"), body);
  const auto& findings = answer.decision.findings;
  const bool denies =
      std::any_of(findings.begin(), findings.end(), [](const JudgedFinding& finding) { return finding.denies(); });
  if (response.at("allowed").get<bool>()) {
    FUZZ_CHECK(!denies && !response.contains("status"), body);
  } else {
    const int code = response.at("status").at("code");
    FUZZ_CHECK(code == 403 ? denies : code == 400 || code == 422, body);  // 500 is a failure inside
    FUZZ_CHECK(!response.at("status").at("message").get<std::string>().empty(), body);
    FUZZ_CHECK(!response.contains("patch"), body);
  }
  FUZZ_CHECK(response.contains("patch") == response.contains("patchType"), body);
  CheckTexts(response);
  if (response.contains("patch")) {
    FUZZ_CHECK(door == Door::kMutate, body);
    const json patch = PatchOf(body);
    FUZZ_CHECK(!patch.empty(), body);
    if (!read.has_repeated_keys) (void)request.at("object").patch(patch);  // throws where it does not apply
  }
}

void CheckAnswers(std::string_view body) {
  const PolicySet& policies = ChooseSet(body);
  const ReviewContext context{.policies = policies, .today = Date(2026, 6, 1), .namespaces = Namespaces().get()};
  EngineJson read;
  if (const auto document = JsonDocument::Parse(body); document.ok()) read = ReadByEngine(*document);
  for (const Door door : {Door::kMutate, Door::kValidate, Door::kValidatePolicy}) {
    const Answer answer = Review(door, context, body);
    FUZZ_CHECK(answer.http_status == 200 || answer.http_status == 400, answer.body);
    FUZZ_CHECK(answer.body == Respond(door, context, body), answer.body);
    if (answer.http_status == 200) {
      CheckReview(read, door, answer);
    } else {
      FUZZ_CHECK(answer.body.ends_with("\n") && !HasControlCharacter(answer.body.substr(0, answer.body.size() - 1)),
                 answer.body);
    }
  }
}

JsonMutator& Mutator() {
  static JsonMutator mutator(FixturePods());
  return mutator;
}

}  // namespace
}  // namespace tidewaiter

// Before the clock of the first input runs.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  tidewaiter::AllSets();
  tidewaiter::Mutator();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidewaiter::CheckAnswers(tidewaiter::InputText(data, size));
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
  return tidewaiter::Mutator().Mutate(data, size, max_size, seed);
}
