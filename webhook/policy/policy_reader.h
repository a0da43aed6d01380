// SPDX-License-Identifier: Apache-2.0
//
// One PodPolicy document becomes a Policy: keys, settings, selectors, exemptions, and the expansion of spec.podSecurity
// into its controls. policy_loader.h finds the documents. Tested by tests/policy/policy_loader_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "webhook/controls/base/document_node.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// Collects the lines of several errors, so that one run shows them all; the first hundred in full, the rest as a count.
class PolicyErrors {
 public:
  static constexpr std::size_t kMostLines = 100;

  void Add(std::string_view line);
  // Whether it was an error.
  bool Take(const absl::Status& status);
  bool is_empty() const { return count_ == 0; }
  absl::Status ToStatus() const;

 private:
  std::string text_;
  std::size_t count_ = 0;
};

// What documents hold, before it is put together.
struct PolicyParts {
  std::vector<Policy> policies;
  std::vector<WorkloadRow> workloads;
  // Kinds that some policy matches by name only and no row of its own document explains: checked when all are read.
  struct OpenKind {
    KindPattern kind;
    absl::Status unknown;  // what to say when no row of any document has it
  };
  std::vector<OpenKind> open_kinds;
};

// Adds the policy of one document, or its errors.
void ReadPolicy(const DocumentNode& node, PolicyParts& parts, PolicyErrors& errors);

// What only all documents together can tell: names used twice, kinds nobody knows.
void CheckParts(const PolicyParts& parts, PolicyErrors& errors);

}  // namespace tidewaiter
