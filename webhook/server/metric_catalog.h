// SPDX-License-Identifier: Apache-2.0
//
// Every metric by name: type, meaning, labels and the closed sets that their values come from. The registry
// (metrics.cc) and the reference (docs/metrics.md) are both made from it. Tested by
// tests/server/metric_catalog_test.cc.
#pragma once

#include <array>
#include <string_view>
#include <vector>

namespace tidewaiter {

inline constexpr std::array<std::string_view, 3> kDoorLabels = {"validate", "mutate", "validate-policy"};
inline constexpr std::array<std::string_view, 6> kOutcomeLabels = {"allow", "warn", "patch", "deny", "refuse", "error"};
// What is no member of these counts as their last one.
inline constexpr std::array<std::string_view, 5> kOperationLabels = {"CREATE", "UPDATE", "DELETE", "CONNECT", "other"};
inline constexpr std::array<std::string_view, 21> kServerReasons = {
    "bad_request", "not_found", "method_not_allowed", "unsupported_media_type", "empty_body", "too_large",
    "length_required", "header_too_large", "overloaded", "deadline", "handshake_failed", "request_timeout",
    "write_timeout", "no_request", "connection_limit", "certificate_reload", "namespaces_reload", "client_refused",
    "certificate_renewal", "not_ready",
    // Must be the last.
    "other"};
// The names of the workload kinds, of PodPolicy, and "other".
const std::vector<std::string_view>& KindLabels();
// The engine's reasons, then the server's.
const std::vector<std::string_view>& ReasonLabels();

struct MetricLabel {
  std::string_view name;
  std::vector<std::string_view> values;  // all there are; empty when the operator's policies make them
  std::string_view meaning;              // of those
};

enum class MetricType { kCounter, kGauge, kHistogram };
// "counter", "gauge", "histogram".
std::string_view MetricTypeName(MetricType type);

struct MetricInfo {
  std::string_view name;
  MetricType type;
  std::string_view help;
  std::vector<MetricLabel> labels;
  // When it is there at all, "" = always: "with --cluster".
  std::string_view condition = {};
};

// In the order of the reference.
const std::vector<MetricInfo>& AllMetrics();
// Of that name, which must be one of them.
const MetricInfo& FindMetric(std::string_view name);

}  // namespace tidewaiter
