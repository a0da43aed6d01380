// SPDX-License-Identifier: Apache-2.0
//
// Policy documents become a PolicySet: everything is checked before anything is used, and every error names file, line,
// column and key. Tested by tests/policy/policy_loader_test.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/policy/policy_reader.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// The PodPolicy documents of one YAML text. InvalidArgument with one line for each thing that is wrong.
absl::StatusOr<std::shared_ptr<const PolicySet>> ParsePolicies(std::string_view text, std::string_view file);

// Whether a file of that name in a folder of policies is one: *.yaml and *.yml, but no hidden name, so that a mounted
// ConfigMap's own links are passed over.
bool IsPolicyFileName(std::string_view name);

// Reads files, and of folders every policy file right inside. No path means the policy that is compiled in.
// InvalidArgument or NotFound with one line for each thing that is wrong: unreadable file, folder without policies, bad
// document, name used twice. All or nothing.
absl::StatusOr<std::shared_ptr<const PolicySet>> LoadPolicies(const std::vector<std::string>& paths);

// The same, not yet put together: for policy_merge.h, which adds those of the cluster.
absl::StatusOr<PolicyParts> ReadPolicyFiles(const std::vector<std::string>& paths);

// policies/hardened.yaml, as it was when this was built.
std::string_view EmbeddedPolicyText();

}  // namespace tidewaiter
