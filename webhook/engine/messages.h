// SPDX-License-Identifier: Apache-2.0
//
// What people read: denial messages, kubectl warnings, audit annotations; made from findings and injections, within the
// API server's limits. Tested by tests/engine/messages_test.cc.
#pragma once

#include <string>
#include <vector>

#include "webhook/engine/decision.h"

namespace tidewaiter {

// `spec.containers[0].securityContext.runAsNonRoot=true [hardened/run-as-non-root]`; `spec.volumes[2] removed [...]`.
std::string InjectionLine(const Injection& injection);

// Fills warnings and audit annotations of `decision` from its findings (sorted), its injections and `notes` (warnings
// of the injecting controls); and its message from the findings that deny: the one line of a single finding, or a count
// and lines; empty when none denies. All are free of control characters and within message_limits.h; what is left out
// is counted.
void AddMessages(const std::vector<std::string>& notes, Decision& decision);

}  // namespace tidewaiter
