// SPDX-License-Identifier: Apache-2.0
//
// Counters that every review touches are looked up once, at start, and then found by index.
#include "webhook/server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <mutex>
#include <vector>

#include "webhook/controls/base/mode.h"
#include "webhook/engine/respond.h"
#include "webhook/kube/workload.h"
#include "webhook/policy/policy_crd.h"

namespace tidewaiter {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

constexpr std::array<std::string_view, 5> kOperations = {"CREATE", "UPDATE", "DELETE", "CONNECT", "other"};
constexpr std::size_t kDoors = 3;
constexpr std::size_t kOutcomes = 6;
// The server's reasons; the engine's are kErrorReasons.
constexpr std::array<std::string_view, 21> kServerReasons = {"bad_request",
                                                             "not_found",
                                                             "method_not_allowed",
                                                             "unsupported_media_type",
                                                             "empty_body",
                                                             "too_large",
                                                             "length_required",
                                                             "header_too_large",
                                                             "overloaded",
                                                             "deadline",
                                                             "handshake_failed",
                                                             "request_timeout",
                                                             "write_timeout",
                                                             "no_request",
                                                             "connection_limit",
                                                             "certificate_reload",
                                                             "namespaces_reload",
                                                             "client_refused",
                                                             "certificate_renewal",
                                                             "not_ready",
                                                             "other"};

// 50 us to 30 s (the longest timeout a webhook can have): a review takes some 20 us, a queue under load milliseconds.
const Histogram::BucketBoundaries kSeconds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                              0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30};

// The index of `name`, or the last index, which stands for all others.
template <typename Names>
std::size_t IndexOf(const Names& names, std::string_view name) {
  const auto found = std::find(std::begin(names), std::end(names), name);
  return found == std::end(names) ? std::size(names) - 1 : static_cast<std::size_t>(found - std::begin(names));
}

const std::vector<std::string_view>& KindNames() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all = WorkloadKindNames();
    all.push_back(kPolicyKind);
    all.push_back("other");
    return all;
  }();
  return names;
}

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;

  Family<Counter>& AddCounter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  Family<Gauge>& AddGauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }

  Family<Counter>& requests = AddCounter("tidewaiter_admission_requests_total", "AdmissionReviews answered.");
  Family<Histogram>& durations = prometheus::BuildHistogram()
                                     .Name("tidewaiter_admission_duration_seconds")
                                     .Help("Seconds from the first byte of a review to its decision.")
                                     .Register(registry);
  Family<Counter>& findings = AddCounter("tidewaiter_findings_total", "Findings of the validating webhook.");
  Family<Counter>& injections =
      AddCounter("tidewaiter_injections_total", "Fields that were set by the mutating webhook (mode enforce).");
  Family<Counter>& exempted = AddCounter("tidewaiter_exempted_total", "Findings that an exemption took away.");
  Family<Counter>& errors =
      AddCounter("tidewaiter_errors_total",
                 "Requests that came to no proper decision, and certificates that could not be reloaded or renewed.");
  Family<Counter>& reloads = AddCounter("tidewaiter_policy_reloads_total", "Attempts to load the policies anew.");
  Counter& restarts = AddCounter("tidewaiter_process_restarts_total",
                                 "Times the serving process was started anew after a signal had ended it.")
                          .Add({});
  Gauge& policies = AddGauge("tidewaiter_policies_loaded", "Policies in force.").Add({});
  Gauge& expiry = AddGauge("tidewaiter_certificate_expiry_timestamp_seconds",
                           "End of validity of the serving certificate, in seconds since 1970.")
                      .Add({});
  Family<Gauge>& exemption_ends =
      AddGauge("tidewaiter_exemption_expiry_timestamp_seconds",
               "When an exemption stops to apply, in seconds since 1970; only of those that end.");
  std::mutex exemption_mutex;
  std::vector<Gauge*> exemption_gauges;
  Family<Gauge>& connections = AddGauge("tidewaiter_connections", "Open connections by what they do.");

  // [door][kind][operation][outcome], made when first used: most combinations never are.
  std::vector<std::atomic<Counter*>> request_counters =
      std::vector<std::atomic<Counter*>>(kDoors * KindNames().size() * kOperations.size() * kOutcomes);
  std::array<Histogram*, kDoors> duration_histograms{};
  // Of a server that works with a cluster; without samples, and so not shown, in any other.
  Family<Gauge>& cluster_ages =
      AddGauge("tidewaiter_cluster_state_age_seconds",
               "Seconds since the API server was last heard of, by what is watched; +Inf before the first time.");
  Family<Counter>& cluster_errors =
      AddCounter("tidewaiter_cluster_errors_total", "Lists and watches of the API server that failed.");
  Family<Gauge>& leader = AddGauge("tidewaiter_leader", "1 in the replica that writes the status of policies, else 0.");
  std::mutex source_mutex;
  std::function<ConnectionCounts()> connection_source;
  std::function<ClusterState()> cluster_source;

  void ShowCluster(const ClusterState& state) {
    for (const ClusterResourceState& each : state.resources) {
      const double age = each.age.has_value() ? std::chrono::duration<double>(*each.age).count()
                                              : std::numeric_limits<double>::infinity();
      cluster_ages.Add({{"resource", each.resource}}).Set(age);
      Counter& errors_so_far = cluster_errors.Add({{"resource", each.resource}});
      errors_so_far.Increment(static_cast<double>(each.errors) - errors_so_far.Value());
    }
    leader.Add({}).Set(state.is_leader ? 1 : 0);
  }

  Counter& RequestCounter(const Decision& decision) {
    const std::size_t door = static_cast<std::size_t>(decision.door);
    const bool is_known = PodPointerOf(decision.group, decision.kind).has_value() || decision.group == kPolicyGroup;
    const std::size_t kind = is_known ? IndexOf(KindNames(), decision.kind) : KindNames().size() - 1;
    const std::size_t operation = IndexOf(kOperations, decision.operation);
    const std::size_t outcome = static_cast<std::size_t>(decision.outcome);
    std::atomic<Counter*>& slot =
        request_counters[((door * KindNames().size() + kind) * kOperations.size() + operation) * kOutcomes + outcome];
    Counter* counter = slot.load(std::memory_order_acquire);
    if (counter == nullptr) {
      counter = &requests.Add({{"door", std::string(DoorName(decision.door))},
                               {"kind", std::string(KindNames()[kind])},
                               {"operation", std::string(kOperations[operation])},
                               {"decision", std::string(OutcomeName(decision.outcome))}});
      slot.store(counter, std::memory_order_release);
    }
    return *counter;
  }
};

Metrics::Metrics(std::string_view version) : families_(std::make_unique<Families>()) {
  for (const Door door : {Door::kValidate, Door::kMutate, Door::kValidatePolicy}) {
    families_->duration_histograms[static_cast<std::size_t>(door)] =
        &families_->durations.Add({{"door", std::string(DoorName(door))}}, kSeconds);
  }
  // Counters start at 0 where the label values are known, so that a first increase is seen by rate().
  for (const std::string_view reason : kErrorReasons) families_->errors.Add({{"reason", std::string(reason)}});
  for (const std::string_view reason : kServerReasons) families_->errors.Add({{"reason", std::string(reason)}});
  for (const char* result : {"success", "failure"}) families_->reloads.Add({{"result", result}});
  families_->AddGauge("tidewaiter_build_info", "Always 1; the labels say what runs.")
      .Add({{"version", std::string(version)}})
      .Set(1);
}

Metrics::~Metrics() = default;

void Metrics::CountDecision(const Decision& decision, std::chrono::nanoseconds duration) {
  families_->RequestCounter(decision).Increment();
  families_->duration_histograms[static_cast<std::size_t>(decision.door)]->Observe(
      std::chrono::duration<double>(duration).count());
  for (const JudgedFinding& judged : decision.findings) {
    if (judged.is_exempt()) {
      families_->exempted.Add({{"policy", std::string(judged.policy)}, {"exemption", std::string(judged.exemption)}})
          .Increment();
      continue;
    }
    families_->findings
        .Add({{"policy", std::string(judged.policy)},
              {"control", std::string(judged.finding->control)},
              {"mode", std::string(ModeName(judged.mode))}})
        .Increment();
  }
  for (const Injection& injection : decision.injections) {
    if (injection.mode != Mode::kEnforce) continue;
    families_->injections.Add({{"policy", std::string(injection.policy)}, {"control", std::string(injection.control)}})
        .Increment();
  }
  if (!decision.error_reason.empty()) CountError(decision.error_reason);
}

void Metrics::CountError(std::string_view reason) {
  const bool is_engine_reason = std::find(kErrorReasons.begin(), kErrorReasons.end(), reason) != kErrorReasons.end();
  const std::string_view label = is_engine_reason ? reason : kServerReasons[IndexOf(kServerReasons, reason)];
  families_->errors.Add({{"reason", std::string(label)}}).Increment();
}

void Metrics::CountReload(bool is_good) {
  families_->reloads.Add({{"result", is_good ? "success" : "failure"}}).Increment();
}

void Metrics::SetPoliciesLoaded(std::size_t count) { families_->policies.Set(static_cast<double>(count)); }

void Metrics::SetExemptionEnds(const std::vector<ExemptionEnd>& ends) {
  const std::lock_guard lock(families_->exemption_mutex);
  for (Gauge* gauge : families_->exemption_gauges) families_->exemption_ends.Remove(gauge);
  families_->exemption_gauges.clear();
  for (const ExemptionEnd& end : ends) {
    Gauge& gauge = families_->exemption_ends.Add({{"policy", end.policy}, {"exemption", end.exemption}});
    gauge.Set(static_cast<double>(end.end_seconds()));
    families_->exemption_gauges.push_back(&gauge);
  }
}

void Metrics::SetRestarts(std::uint64_t count) { families_->restarts.Increment(static_cast<double>(count)); }

void Metrics::SetCertificateExpiry(std::int64_t not_after) { families_->expiry.Set(static_cast<double>(not_after)); }

void Metrics::SetConnectionSource(std::function<ConnectionCounts()> source) {
  const std::lock_guard lock(families_->source_mutex);
  families_->connection_source = std::move(source);
}

void Metrics::SetClusterSource(std::function<ClusterState()> source) {
  const std::lock_guard lock(families_->source_mutex);
  families_->cluster_source = std::move(source);
}

std::map<std::pair<std::string, std::string>, std::uint64_t> Metrics::CountFindings() const {
  std::map<std::pair<std::string, std::string>, std::uint64_t> counts;
  for (const prometheus::MetricFamily& family : families_->findings.Collect()) {
    for (const prometheus::ClientMetric& metric : family.metric) {
      std::pair<std::string, std::string> key;
      for (const auto& label : metric.label) {
        if (label.name == "policy") key.first = label.value;
        if (label.name == "mode") key.second = label.value;
      }
      counts[key] += static_cast<std::uint64_t>(metric.counter.value);
    }
  }
  return counts;
}

std::string Metrics::Render() const {
  ConnectionCounts counts;
  {
    const std::lock_guard lock(families_->source_mutex);
    if (families_->connection_source) counts = families_->connection_source();
    if (families_->cluster_source) families_->ShowCluster(families_->cluster_source());
  }
  families_->connections.Add({{"state", "handshaking"}}).Set(static_cast<double>(counts.handshaking));
  families_->connections.Add({{"state", "active"}}).Set(static_cast<double>(counts.active));
  families_->connections.Add({{"state", "parked"}}).Set(static_cast<double>(counts.parked));
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace tidewaiter
