// SPDX-License-Identifier: Apache-2.0
//
// The CustomResourceDefinition of PodPolicy: the JSON Schema of json_schema.h, as far as a structural schema can say
// it, the columns of `kubectl get podpolicies`, and the status. Tested by tests/policy/policy_crd_test.cc and, on a
// real API server, tests/cluster/policy_resource_test.py.
//
// Unknown keys are kept, not pruned: pruning would turn a misspelt key into a policy that asks for less than was
// written, and silently. The reader refuses them, at the door or at the latest when the resource is read.
//
// Source: kubernetes.io "Extend the Kubernetes API with CustomResourceDefinitions", "Specifying a structural schema".
#pragma once

#include <string>
#include <string_view>

namespace tidewaiter {

inline constexpr std::string_view kPolicyGroup = "tidewaiter.dev";
inline constexpr std::string_view kPolicyVersion = "v1alpha1";
inline constexpr std::string_view kPolicyPlural = "podpolicies";
inline constexpr std::string_view kPolicyKind = "PodPolicy";

// The manifest, as YAML text with a comment that says where it comes from.
std::string PolicyCustomResourceDefinition();

}  // namespace tidewaiter
