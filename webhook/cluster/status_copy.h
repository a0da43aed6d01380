// SPDX-License-Identifier: Apache-2.0
//
// A status for another thread. Copies of an absl::Status share a counter that Abseil's own library lowers, which the
// thread sanitizer cannot see into and takes for a race; what is handed from thread to thread here shares nothing.
// Tested by tests/cluster/single_flight_test.cc.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace tidewaiter {

// The same code, message and payloads. The caller sees to it that nobody changes `status` meanwhile.
inline absl::Status CopyForAnotherThread(const absl::Status& status) {
  absl::Status copy(status.code(), status.message());
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    copy.SetPayload(type, absl::Cord(std::string(payload)));
  });
  return copy;
}

}  // namespace tidewaiter
