// SPDX-License-Identifier: Apache-2.0
//
// HTTP over whole requests: cpp-httplib parses and writes all but plain ones (plain_request.h), this says what each
// path, method, content type, deadline and overload gets. The decision itself is the engine's. Tested by
// tests/server/webhook_server_test.cc.
#pragma once

#include <functional>
#include <memory>

#include "webhook/policy/namespaces.h"
#include "webhook/policy/policy_set.h"
#include "webhook/server/log.h"
#include "webhook/server/metrics.h"
#include "webhook/server/parked_server.h"

namespace tidewaiter {

// POST /validate, /mutate and /validate-policy. Every answer is counted and logged once, here.
class AdmissionHandler : public RequestHandler {
 public:
  // `policies` gives the set in force and is called for each review, from several threads; while it gives nullptr, the
  // policies not being known yet, reviews are answered 503 with Retry-After, upon which the API server asks again
  // within its deadline. `namespaces` (nullptr: none is known), `metrics` and `log` must outlive the handler.
  static std::unique_ptr<AdmissionHandler> Make(std::function<std::shared_ptr<const PolicySet>()> policies,
                                                const NamespaceSource* namespaces, Metrics& metrics, const Log& log);
};

}  // namespace tidewaiter
