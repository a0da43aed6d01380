// SPDX-License-Identifier: Apache-2.0
//
// One exchange of an ApiClient, for the files that it is made of. Tested through them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "webhook/cluster/api_client.h"

namespace tidewaiter {

struct ApiClient::Call {
  HttpRequest request;  // method, target, body, timeouts, cancellation
  // A new try begins: what `sink` was given is void.
  std::function<void()> on_try;
  // The body of a good answer, piece by piece. What it returns, if not OK, ends the exchange.
  std::function<absl::Status(std::string_view piece)> sink;
  std::function<void()> on_open;  // a good answer has begun

  void Take(const CallOptions& options) {
    request.whole_timeout = request.idle_timeout = options.timeout;
    request.cancellation = options.cancellation;
  }
  // For messages: without the query.
  std::string Name() const { return request.method + " " + request.target.substr(0, request.target.find('?')); }
};

// Percent-encodes everything but the unreserved characters of RFC 3986.
std::string PercentEncode(std::string_view text);

// `path?a=b&c=d`; parameters with an empty value are left out. The path may have a query already.
std::string WithQuery(std::string_view path, const std::vector<std::pair<std::string_view, std::string>>& parameters);

}  // namespace tidewaiter
