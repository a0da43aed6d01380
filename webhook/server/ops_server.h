// SPDX-License-Identifier: Apache-2.0
//
// The operations port, plain HTTP: GET /livez, /readyz, /metrics. Tested by tests/server/ops_server_test.cc.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "webhook/server/metrics.h"

namespace tidewaiter {

class OpsServer {
 public:
  // Listens at `host`:`port` (0 = any free one). `readiness` returns "" when reviews are served, or else why not;
  // called from several threads. `metrics` must outlive the server. Unavailable when it cannot listen.
  static absl::StatusOr<std::unique_ptr<OpsServer>> Start(const std::string& host, int port,
                                                          std::function<std::string()> readiness,
                                                          const Metrics& metrics);
  virtual ~OpsServer() = default;
  virtual int port() const = 0;
};

}  // namespace tidewaiter
