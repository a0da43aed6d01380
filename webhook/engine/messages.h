// SPDX-License-Identifier: Apache-2.0
//
// What people read: denial messages, kubectl warnings, audit annotations; made from findings and injections, within the
// API server's limits. Tested by tests/engine/messages_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "webhook/engine/decision.h"

namespace tidewaiter {

// A warning longer than this may be cut by the API server (api/admission/v1/types.go: 256); all of them together may
// hold 4096 characters (apiserver pkg/endpoints/filters/warning.go). Counted here in bytes, which is never less.
inline constexpr std::size_t kMaxWarningBytes = 256;
inline constexpr std::size_t kMaxWarningsBytes = 4096;
// Our own bound for a denial: what a terminal shows, and what a log line may cost.
inline constexpr std::size_t kMaxDenialBytes = 16u << 10;
// Our own bound for one audit annotation: an audit event is one log line.
inline constexpr std::size_t kMaxAnnotationBytes = 8192;

// `container "web" must set securityContext.runAsNonRoot=true (spec.containers[0].securityContext.runAsNonRoot)
// [hardened/run-as-non-root]`.
std::string FindingLine(const JudgedFinding& judged);

// `spec.containers[0].securityContext.runAsNonRoot=true [hardened/run-as-non-root]`.
std::string InjectionLine(const Injection& injection);

// Sorts findings: those that deny first, then by mode (enforce first), by place, by policy and control.
void SortFindings(std::vector<JudgedFinding>& findings);

// The denial message: the one line of a single finding, or a count and lines. Only findings that deny; what one control
// asks of several containers is one line, and of what several policies say of one place only the first is told.
// `findings` must be sorted.
std::string DenialMessage(const std::vector<JudgedFinding>& findings);

// Fills warnings and audit annotations of `decision` from its findings, its injections and `notes` (warnings of the
// injecting controls). All are free of control characters and within the limits above; what is left out is counted.
void AddMessages(const std::vector<std::string>& notes, Decision& decision);

// Control characters (C0, DEL, C1 in UTF-8) become spaces: the API server drops a warning that holds one.
std::string WithoutControlCharacters(std::string_view text);

}  // namespace tidewaiter
