// SPDX-License-Identifier: Apache-2.0
//
// Policy sets for tests, from text or from one control's fixture.
#pragma once

#include <stdexcept>
#include <string>

#include "webhook/policy/policy_loader.h"

namespace tidewaiter {

// One document whose spec is `spec`, indented by two spaces. Throws when it cannot be loaded.
inline PolicySet PoliciesOf(const std::string& spec) {
  const std::string text =
      "apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: test}\nspec:\n" + spec;
  const auto policies = ParsePolicies(text, "test.yaml");
  if (!policies.ok()) throw std::runtime_error(std::string(policies.status().message()));
  return **policies;
}

// A set of one policy that applies one control.
inline PolicySet PolicySetOf(const Control& control, ControlSettings settings, Mode mode) {
  Policy policy;
  policy.name = "test";
  policy.controls.push_back({.control = &control, .mode = mode, .settings = std::move(settings), .fingerprint = {}});
  return PolicySet({std::move(policy)});
}

}  // namespace tidewaiter
