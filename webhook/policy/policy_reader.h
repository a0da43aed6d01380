// SPDX-License-Identifier: Apache-2.0
//
// One PodPolicy document becomes a Policy: controls_reader.h reads what it asks, exemption_reader.h who is exempt, and
// this one whom it applies to and where custom resources hold their templates. policy_loader.h finds the documents.
// Tested by tests/policy/policy_loader_test.cc.
#pragma once

#include <set>
#include <vector>

#include "absl/status/status.h"
#include "webhook/controls/base/document_node.h"
#include "webhook/policy/policy_errors.h"
#include "webhook/policy/policy_set.h"

namespace tidewaiter {

// What documents hold, before it is put together.
struct PolicyParts {
  std::vector<Policy> policies;
  std::vector<WorkloadRow> workloads;
  std::set<WorkloadRow> known_workloads;  // the same
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

// The kinds of `parts` that are not built in and that none of the rows has.
void CheckKinds(const PolicyParts& parts, const std::vector<WorkloadRow>& rows, PolicyErrors& errors);

}  // namespace tidewaiter
