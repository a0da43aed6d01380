// SPDX-License-Identifier: Apache-2.0
//
// Which exemption excuses what: random exemptions and Pods, and the same question put to each exemption in turn.
#include "webhook/engine/active_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/testing/dice.h"
#include "webhook/kube/owner.h"
#include "webhook/kube/text.h"
#include "webhook/policy/image_globs.h"

namespace tidewaiter {
namespace {

// Some of them, often none.
template <std::size_t kSize>
std::vector<std::string> PickSome(Dice& dice, const std::string_view (&of)[kSize]) {
  std::vector<std::string> some(dice.OneOf(2) ? 0 : 1 + dice.Below(2));
  for (std::string& each : some) each = dice.Pick(of);
  return some;
}

constexpr std::string_view kTextGlobs[] = {"a",  "a*", "ab", "ab-*", "*b",   "*-b", "ab-", "?b",
                                           "zz", "z*", "*z", "*",    "ab-?", "b*b", "-*",  "*-"};
constexpr std::string_view kTexts[] = {"a", "ab", "ab-b", "b", "ba", "z", "ab-c", "default"};
constexpr std::string_view kImageGlobs[] = {
    "a",           "a:1",
    "team/*",      "*/a",
    "*:1",         "ghcr.io/x/*",
    "a:*",         "a:1?",
    "*@*",         "z",
    "ghcr.io/x/y", "quay.io/*/app",
    "*/b:1",       "a@sha256:0000000000000000000000000000000000000000000000000000000000000000"};
constexpr std::string_view kImages[] = {"a",
                                        "a:1",
                                        "a:12",
                                        "team/b:1",
                                        "docker.io/library/a",
                                        "ghcr.io/x/y:2",
                                        "quay.io/z/app",
                                        "not an image",
                                        "",
                                        "a:1@sha256:0000000000000000000000000000000000000000000000000000000000000000"};

Exemption NewExemption(Dice& dice, std::string name) {
  constexpr std::string_view kControls[] = {"image-tag", "run-as-non-root"};
  Exemption exemption;
  exemption.name = std::move(name);
  if (dice.OneOf(5)) exemption.until = dice.OneOf(2) ? Date(2027, 1, 1) : Date(2028, 1, 1);
  exemption.namespaces = PickSome(dice, kTextGlobs);
  if (dice.OneOf(2)) exemption.names = PickSome(dice, kTextGlobs);
  if (dice.OneOf(3)) exemption.service_accounts = PickSome(dice, kTextGlobs);
  if (dice.OneOf(3)) exemption.users = PickSome(dice, kTextGlobs);
  if (dice.OneOf(2)) exemption.containers = PickSome(dice, kTextGlobs);
  if (dice.OneOf(2)) {
    for (const std::string& glob : PickSome(dice, kImageGlobs)) exemption.images.push_back(*NormalImageGlob(glob));
  }
  if (dice.OneOf(2)) exemption.controls = {FindControl(dice.Pick(kControls))};
  return exemption;
}

Policy NewPolicy(Dice& dice) {
  Policy policy;
  policy.name = "p";
  const std::size_t count = dice.Below(dice.OneOf(4) ? 80 : 8);
  const Exemption like = NewExemption(dice, "");
  const bool is_alike = dice.OneOf(3);
  for (std::size_t i = 0; i < count; ++i) {
    Exemption exemption = NewExemption(dice, StrCat("e-", i));
    // Many with something in common, so that what is theirs alone sets them apart.
    if (is_alike) exemption.namespaces = like.namespaces;
    policy.exemptions.push_back(std::move(exemption));
  }
  return policy;
}

Workload NewWorkload(Dice& dice) {
  Workload workload;
  ObjectMeta& metadata = workload.metadata;
  if (!dice.OneOf(4)) metadata.name = dice.Pick(kTexts);
  if (metadata.name.empty()) metadata.generate_name = "ab-";
  if (dice.OneOf(3)) {
    metadata.owner_references.push_back(
        {.kind = "ReplicaSet", .name = dice.Pick(kTexts), .uid = "u", .controller = true});
  }
  if (dice.OneOf(2)) workload.pod_pointer = "/spec/template";
  Pod& pod = workload.pod;
  if (dice.OneOf(2)) pod.service_account_name = dice.Pick(kTexts);
  for (std::size_t count = dice.Below(4); count > 0; --count) {
    Container container;
    container.name = dice.Pick(kTexts);
    if (!dice.OneOf(6)) container.image = dice.Pick(kImages);
    pod.containers.push_back(std::move(container));
  }
  for (std::size_t count = dice.Below(3); count > 0; --count) {
    Volume volume;
    volume.name = "v";
    if (!dice.OneOf(3)) volume.image.emplace();
    if (volume.image.has_value() && !dice.OneOf(4)) volume.image->reference = dice.Pick(kImages);
    pod.volumes.push_back(std::move(volume));
  }
  return workload;
}

// The policy with each exemption that holds for the workload, as far as it can be told without its containers.
ActivePolicy AskEach(const Policy& policy, const PolicyCase& policy_case, const Workload& workload) {
  const std::string_view account = workload.pod.service_account_name;
  const ExemptionSubject subject{.namespace_name = policy_case.namespace_name,
                                 .names = KnownNames(workload.metadata),
                                 .service_account = account.empty() ? "default" : account,
                                 .user = policy_case.user};
  ActivePolicy active{.policy = &policy, .is_held_back = false, .exemptions = {}};
  for (const Exemption& exemption : policy.exemptions) {
    if (!exemption.IsOver(policy_case.today) && exemption.HoldsFor(subject)) active.exemptions.push_back(&exemption);
  }
  return active;
}

// Everything that can be asked of the exemptions: of containers, of the Pod, of findings.
std::vector<const Exemption*> Ask(const ActivePolicy& active, const Workload& workload) {
  std::vector<const Exemption*> answers;
  const Pod& pod = workload.pod;
  for (const std::string_view id : {"image-tag", "run-as-non-root", "resources"}) {
    const Control& control = *FindControl(id);
    const auto ask = [&](std::string_view container, std::string_view pointer) {
      Finding finding;
      finding.container = container;
      finding.pointer = StrCat(workload.pod_pointer, pointer);
      answers.push_back(active.FindForFinding(control, pod, workload.pod_pointer, finding));
    };
    answers.push_back(active.FindForPod(control, pod));
    ask("", "/spec/hostPID");
    ask("of no container", "/spec/containers/7/image");
    for (std::size_t i = 0; i < pod.volumes.size(); ++i) ask("", StrCat("/spec/volumes/", i, "/image"));
    for (const Container& container : pod.containers) {
      answers.push_back(active.FindFor(control, container));
      ask(container.name, "/spec/containers/0/image");
    }
  }
  return answers;
}

TEST(ActivePolicyTest, ExemptionsAreThoseThatAskingEachFinds) {
  Dice dice(20261130);
  std::size_t excused = 0, asked = 0, holding = 0;
  for (int round = 0; round < 500; ++round) {
    std::vector<Policy> policies;
    policies.push_back(NewPolicy(dice));
    const PolicySet set(std::move(policies));
    const Policy& policy = set.policies().front();
    for (int i = 0; i < 10; ++i) {
      const Workload workload = NewWorkload(dice);
      const PolicyCase policy_case{
          .namespace_name = dice.Pick(kTexts), .user = dice.Pick(kTexts), .today = Date(2027, 6, 1)};
      const ActivePolicy active = Activate({&policy}, policy_case, workload).at(0);
      const ActivePolicy each = AskEach(policy, policy_case, workload);
      const std::vector<const Exemption*> answers = Ask(active, workload);
      ASSERT_EQ(answers, Ask(each, workload)) << "round " << round;
      excused += answers.size() - static_cast<std::size_t>(std::count(answers.begin(), answers.end(), nullptr));
      asked += active.exemptions.size();
      holding += each.exemptions.size();
    }
  }
  EXPECT_GT(excused, 2'500u);
  EXPECT_LT(asked, holding);
}

}  // namespace
}  // namespace tidewaiter
