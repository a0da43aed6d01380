-- SPDX-License-Identifier: Apache-2.0
--
-- wrk script: posts one review file over and over, and prints the result as one line of JSON for load.py.
-- wrk ... URL -- FILE
local body

function init(args)
  local file = assert(io.open(args[1], "rb"))
  body = file:read("*a")
  file:close()
  wrk.method = "POST"
  wrk.body = body
  wrk.headers["Content-Type"] = "application/json"
end

-- summary.duration and latencies are in microseconds.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"reviews": %d, "seconds": %.6f, "p50": %.1f, "p99": %.1f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
