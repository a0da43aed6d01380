// SPDX-License-Identifier: Apache-2.0
//
// Findings as sentences: sorted as a reader goes through the object, told once however many policies say them, and what
// one control asks of several containers put into one line. Tested by tests/engine/messages_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "webhook/engine/decision.h"

namespace tidewaiter {

// Sorts findings: those that deny first, then by mode (enforce first), by place, by policy and control.
void SortFindings(std::vector<JudgedFinding>& findings);

// What one control of one policy asks of one or more containers.
struct FindingGroup {
  std::vector<const JudgedFinding*> findings;  // never empty
  // `container "web" must set securityContext.runAsNonRoot=true (spec.containers[0].securityContext.runAsNonRoot)
  // [hardened/run-as-non-root]`, without control characters.
  std::string line;

  const JudgedFinding& first() const { return *findings.front(); }
  // The line as a warning of at most kMaxWarningBytes: whole if it fits, else without its places, else cut; who says so
  // always stays.
  std::string Warning() const;
};

// Those findings that people are told of, in their order: where several policies say the same of the same place, the
// first speaks, so `findings` must be sorted. What is exempt is left out.
std::vector<FindingGroup> GroupFindings(const std::vector<JudgedFinding>& findings);

// The line of one finding.
std::string FindingLine(const JudgedFinding& judged);

}  // namespace tidewaiter
