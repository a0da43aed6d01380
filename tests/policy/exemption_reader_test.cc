// SPDX-License-Identifier: Apache-2.0
//
// Exemptions and switches that could never take effect, and what the message says would help.
#include "webhook/policy/exemption_reader.h"

#include <gtest/gtest.h>

#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

// What is wrong with a policy of this spec, without the file; "ok" for nothing.
std::string ErrorOf(const std::string& spec) {
  const auto policies = ParsePolicies(
      StrCat("apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: p}\nspec:\n", spec), "f");
  return policies.ok() ? "ok" : std::string(MessageOf(policies.status()));
}

std::string ErrorOfExemption(const std::string& spec, const std::string& control) {
  return ErrorOf(StrCat(spec,
                        "  exemptions:\n    - name: e\n      reason: r\n      match: {names: [a]}\n      controls: [",
                        control, "]\n"));
}

TEST(ExemptionReaderTest, ControlsThatThePolicyDoesNotApply) {
  const std::string restricted = "  podSecurity: {level: restricted}\n";
  const std::string baseline = "  podSecurity: {level: baseline}\n";
  const std::string old = "  podSecurity: {level: baseline, version: v1.30}\n";
  const std::string tag = "  controls: {image-tag: {}}\n";
  const std::string off = "  podSecurity: {level: baseline}\n  controls: {proc-mount: false}\n";
  const struct {
    std::string spec, control, why;  // "" for no complaint
  } rows[] = {
      {restricted, "restricted-volumes", ""},
      {restricted, "host-path-volumes", "restricted-volumes asks for it"},
      {restricted, "capabilities-baseline", "capabilities-restricted asks for it"},
      {restricted + "  controls: {host-path-volumes: {}}\n", "host-path-volumes", ""},
      {baseline, "host-path-volumes", ""},
      {baseline, "restricted-volumes", "neither spec.controls nor spec.podSecurity names it"},
      {old, "host-probes", "the Pod Security Standards have it from v1.34 on"},
      {tag, "image-tag", ""},
      {tag, "\"*\"", ""},
      {tag, "image-digest", "spec.controls does not name it"},
      {off, "proc-mount", "spec.controls switches it off"},
  };
  for (const auto& row : rows) {
    const std::size_t line = 9 + static_cast<std::size_t>(std::count(row.spec.begin(), row.spec.end(), '\n'));
    const std::string expected =
        StrCat("f:", line, ":18: spec.exemptions[0].controls[0]: \"", row.control,
               "\" is not applied by this policy, so there is nothing to exempt from: ", row.why);
    EXPECT_EQ(ErrorOfExemption(row.spec, row.control), row.why.empty() ? "ok" : expected) << row.spec;
  }
}

// A control with a mistake in its settings is the mistake to tell, not that it is not applied.
TEST(ExemptionReaderTest, OneErrorForOneMistake) {
  EXPECT_EQ(ErrorOfExemption("  controls:\n    image-tag: {forbiden: []}\n", "image-tag"),
            "f:6:17: spec.controls.image-tag.forbiden: unknown key; did you mean \"forbidden\"?");
}

TEST(ExemptionReaderTest, SwitchesOfWhatIsNotApplied) {
  const std::pair<const char*, const char*> rows[] = {
      {"  podSecurity: {level: restricted}\n  controls: {run-as-non-root: false}\n", "ok"},
      {"  podSecurity: {level: restricted}\n  controls: {host-path-volumes: false}\n",
       "f:6:33: spec.controls.host-path-volumes: switches off what this policy does not apply: restricted-volumes asks "
       "for it"},
      {"  podSecurity: {level: baseline}\n  controls: {image-tag: false}\n",
       "f:6:25: spec.controls.image-tag: switches off what this policy does not apply: spec.podSecurity does not ask "
       "for it"},
      {"  controls: {image-digest: {}, image-tag: false}\n",
       "f:5:43: spec.controls.image-tag: switches off what this policy does not apply: it applies what spec.controls "
       "names"},
  };
  for (const auto& [spec, error] : rows) EXPECT_EQ(ErrorOf(spec), error);
}

TEST(ExemptionReaderTest, ImagesAreBroughtIntoNormalForm) {
  const auto policies = ParsePolicies(
      "apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: p}\nspec:\n  controls: {image-tag: {}}\n"
      "  exemptions:\n    - {name: e, reason: r, controls: [\"*\"], match: {images: [\"nginx:1.*\", \"*/a\"]}}\n",
      "f");
  ASSERT_TRUE(policies.ok()) << policies.status();
  EXPECT_EQ((*policies)->policies()[0].exemptions[0].images,
            (std::vector<std::string>{"docker.io/library/nginx:1.*", "*/a"}));
  EXPECT_EQ(ErrorOf("  controls: {image-tag: {}}\n  exemptions:\n    - {name: e, reason: r, controls: [\"*\"], match: "
                    "{images: [a, ghcr.io]}}\n"),
            "f:7:65: spec.exemptions[0].match.images[1]: \"ghcr.io\" is a registry and no image: for all its images "
            "write \"ghcr.io/*\"");
}

}  // namespace
}  // namespace tidewaiter
