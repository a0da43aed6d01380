// SPDX-License-Identifier: Apache-2.0
//
// The catalogue as one table. What is written here stands in docs/metrics.md.
#include "webhook/server/metric_catalog.h"

#include <algorithm>
#include <cstdlib>

#include "webhook/engine/respond.h"
#include "webhook/kube/workload.h"
#include "webhook/policy/policy_crd.h"

namespace tidewaiter {
namespace {

template <typename Names>
MetricLabel Closed(std::string_view name, const Names& values) {
  return {.name = name, .values = {values.begin(), values.end()}, .meaning = {}};
}

std::vector<MetricInfo> MakeCatalogue() {
  using enum MetricType;
  const MetricLabel door = Closed("door", kDoorLabels);
  const MetricLabel policy{.name = "policy", .values = {}, .meaning = "names of policies in force"};
  const MetricLabel control{.name = "control", .values = {}, .meaning = "ids of controls (`tidewaiter controls`)"};
  const MetricLabel exemption{.name = "exemption", .values = {}, .meaning = "names of exemptions of those policies"};
  const MetricLabel version{.name = "version", .values = {}, .meaning = "the program's version"};
  const MetricLabel mode{.name = "mode", .values = {"enforce", "warn", "audit"}, .meaning = {}};
  const MetricLabel result{.name = "result", .values = {"success", "failure"}, .meaning = {}};
  const MetricLabel source{.name = "source", .values = {"files", "resources"}, .meaning = {}};
  const MetricLabel resource{.name = "resource", .values = {"namespaces", "podpolicies"}, .meaning = {}};
  const MetricLabel state{.name = "state", .values = {"handshaking", "active", "parked"}, .meaning = {}};
  constexpr std::string_view kWithCluster = "with --cluster";
  return {
      {"tidewaiter_admission_requests_total",
       kCounter,
       "AdmissionReviews answered.",
       {door, Closed("kind", KindLabels()), Closed("operation", kOperationLabels), Closed("decision", kOutcomeLabels)}},
      {"tidewaiter_admission_duration_seconds",
       kHistogram,
       "Seconds from the first byte of a review to its decision.",
       {door}},
      {"tidewaiter_findings_total",
       kCounter,
       "Findings of the validating webhook, by the mode they count in; those that an exemption took away excluded.",
       {policy, control, mode}},
      {"tidewaiter_denials_total",
       kCounter,
       "Findings that denied their request: of mode enforce, and not there before the update.",
       {policy, control}},
      {"tidewaiter_injections_total",
       kCounter,
       "Fields that the mutating webhook set (mode enforce), or would have set (warn, audit).",
       {policy, control, mode}},
      {"tidewaiter_exempted_total", kCounter, "Findings that an exemption took away.", {policy, exemption}},
      {"tidewaiter_exemption_expiry_timestamp_seconds",
       kGauge,
       "When an exemption stops to apply, in seconds since 1970; only of those that end.",
       {policy, exemption}},
      {"tidewaiter_errors_total",
       kCounter,
       "Requests that came to no proper decision, and files and certificates that could not be reloaded or renewed.",
       {Closed("reason", ReasonLabels())}},
      {"tidewaiter_policies_loaded", kGauge, "Policies in force.", {}},
      {"tidewaiter_policy_controls",
       kGauge,
       "Controls that a policy in force applies, by the mode they are in.",
       {policy, mode}},
      {"tidewaiter_policies_invalid",
       kGauge,
       "Policies that cannot be loaded as they are now: 1 when the files cannot, the number of PodPolicy resources "
       "that "
       "cannot. Their last good version, where there was one, stays in force.",
       {source}},
      {"tidewaiter_policy_reloads_total", kCounter, "Attempts to load the policies anew.", {result}},
      {"tidewaiter_policy_last_change_timestamp_seconds",
       kGauge,
       "When the policies in force were last put in force, the start included, in seconds since 1970.",
       {}},
      {"tidewaiter_certificate_start_timestamp_seconds",
       kGauge,
       "Begin of validity of the serving certificate, in seconds since 1970; 0 while there is none yet.",
       {}},
      {"tidewaiter_certificate_expiry_timestamp_seconds",
       kGauge,
       "End of validity of the serving certificate, in seconds since 1970; 0 while there is none yet.",
       {}},
      {"tidewaiter_cluster_state_age_seconds",
       kGauge,
       "Seconds since the API server was last heard of, by what is watched; +Inf before the first time.",
       {resource},
       kWithCluster},
      {"tidewaiter_cluster_errors_total",
       kCounter,
       "Lists and watches of the API server that failed.",
       {resource},
       kWithCluster},
      {"tidewaiter_leader", kGauge, "1 in the replica that writes the status of policies, else 0.", {}, kWithCluster},
      {"tidewaiter_process_restarts_total",
       kCounter,
       "Times the serving process was started anew after a signal had ended it; 0 without --supervise.",
       {}},
      {"tidewaiter_connections", kGauge, "Open connections by what they do.", {state}},
      {"tidewaiter_build_info", kGauge, "Always 1; the labels say what runs.", {version}},
      {"process_cpu_seconds_total", kCounter, "User and system CPU time of the process, in seconds.", {}},
      {"process_resident_memory_bytes", kGauge, "Resident memory of the process.", {}},
      {"process_virtual_memory_bytes", kGauge, "Virtual memory of the process.", {}},
      {"process_start_time_seconds", kGauge, "When the process was started, in seconds since 1970.", {}},
      {"process_threads", kGauge, "Threads of the process.", {}},
      {"process_open_fds", kGauge, "Open file descriptors, connections included.", {}},
      {"process_max_fds", kGauge, "How many file descriptors the process may open.", {}},
  };
}

}  // namespace

const std::vector<std::string_view>& KindLabels() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all = WorkloadKindNames();
    all.push_back(kPolicyKind);
    all.push_back("other");
    return all;
  }();
  return names;
}

const std::vector<std::string_view>& ReasonLabels() {
  static const std::vector<std::string_view> reasons = [] {
    std::vector<std::string_view> all(kErrorReasons.begin(), kErrorReasons.end());
    all.insert(all.end(), kServerReasons.begin(), kServerReasons.end());
    return all;
  }();
  return reasons;
}

std::string_view MetricTypeName(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      break;
  }
  return "histogram";
}

const std::vector<MetricInfo>& AllMetrics() {
  static const std::vector<MetricInfo> all = MakeCatalogue();
  return all;
}

const MetricInfo& FindMetric(std::string_view name) {
  const auto found =
      std::find_if(AllMetrics().begin(), AllMetrics().end(), [&](const MetricInfo& info) { return info.name == name; });
  if (found == AllMetrics().end()) std::abort();  // a name of the program's own, tried at each start
  return *found;
}

}  // namespace tidewaiter
