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

#include "absl/container/flat_hash_map.h"
#include "webhook/controls/base/mode.h"
#include "webhook/engine/respond.h"
#include "webhook/kube/text.h"
#include "webhook/kube/workload.h"
#include "webhook/policy/policy_crd.h"
#include "webhook/server/exemption_reminder.h"
#include "webhook/server/metric_catalog.h"
#include "webhook/server/process_usage.h"

namespace tidewaiter {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using MetricLabels = std::map<std::string, std::string>;

constexpr std::size_t kDoors = kDoorLabels.size();
constexpr std::size_t kOutcomes = kOutcomeLabels.size();

// 50 us to 30 s (the longest timeout a webhook can have): a review takes some 20 us, a queue under load milliseconds.
const Histogram::BucketBoundaries kSeconds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                              0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30};

// The index of `name`, or the last index, which stands for all others.
template <typename Names>
std::size_t IndexOf(const Names& names, std::string_view name) {
  const auto found = std::find(std::begin(names), std::end(names), name);
  return found == std::end(names) ? std::size(names) - 1 : static_cast<std::size_t>(found - std::begin(names));
}

// The metrics of one kind that are there for a while: those of a policy that may be gone tomorrow.
class PassingGauges {
 public:
  explicit PassingGauges(Family<Gauge>& family) : family_(family) {}

  void Begin() {
    for (Gauge* gauge : gauges_) family_.Remove(gauge);
    gauges_.clear();
  }
  void Add(const MetricLabels& labels, double value) {
    Gauge& gauge = family_.Add(labels);
    gauge.Set(value);
    gauges_.push_back(&gauge);
  }

 private:
  Family<Gauge>& family_;
  std::vector<Gauge*> gauges_;
};

// The counters of a family whose labels are a policy, what it names, and a mode: found again by their texts, since a
// family makes a map of strings of each question. Thread safe; counters stay for as long as the family.
class PolicyCounters {
 public:
  // The names of the second and third label; no third when that is "".
  PolicyCounters(Family<Counter>& family, std::string_view second, std::string_view third)
      : family_(family), second_(second), third_(third) {}

  void Count(std::string_view policy, std::string_view second, std::string_view third) {
    // With the sizes in front, two different questions have different keys.
    thread_local std::string key;
    key.clear();
    StrAppend(&key, policy.size(), " ", second.size(), " ", policy, second, third);
    Find(key, policy, second, third).Increment();
  }

 private:
  Counter& Find(const std::string& key, std::string_view policy, std::string_view second, std::string_view third) {
    const std::lock_guard lock(mutex_);
    const auto [entry, is_new] = counters_.try_emplace(key, nullptr);
    if (is_new) {
      MetricLabels labels = {{"policy", std::string(policy)}, {second_, std::string(second)}};
      if (!third_.empty()) labels.emplace(third_, std::string(third));
      entry->second = &family_.Add(labels);
    }
    return *entry->second;
  }

  Family<Counter>& family_;
  const std::string second_;
  const std::string third_;
  std::mutex mutex_;
  absl::flat_hash_map<std::string, Counter*> counters_;
};

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;

  Family<Counter>& AddCounter(const char* name) {
    return prometheus::BuildCounter().Name(name).Help(std::string(FindMetric(name).help)).Register(registry);
  }
  Family<Gauge>& AddGauge(const char* name) {
    return prometheus::BuildGauge().Name(name).Help(std::string(FindMetric(name).help)).Register(registry);
  }

  Family<Counter>& requests = AddCounter("tidewaiter_admission_requests_total");
  Family<Histogram>& durations = prometheus::BuildHistogram()
                                     .Name("tidewaiter_admission_duration_seconds")
                                     .Help(std::string(FindMetric("tidewaiter_admission_duration_seconds").help))
                                     .Register(registry);
  Family<Counter>& finding_family = AddCounter("tidewaiter_findings_total");
  PolicyCounters findings{finding_family, "control", "mode"};
  PolicyCounters denials{AddCounter("tidewaiter_denials_total"), "control", ""};
  PolicyCounters injections{AddCounter("tidewaiter_injections_total"), "control", "mode"};
  PolicyCounters exempted{AddCounter("tidewaiter_exempted_total"), "exemption", ""};
  Family<Counter>& errors = AddCounter("tidewaiter_errors_total");
  Family<Counter>& reloads = AddCounter("tidewaiter_policy_reloads_total");
  Counter& restarts = AddCounter("tidewaiter_process_restarts_total").Add({});
  Gauge& policies = AddGauge("tidewaiter_policies_loaded").Add({});
  Family<Gauge>& invalid = AddGauge("tidewaiter_policies_invalid");
  Gauge& last_change = AddGauge("tidewaiter_policy_last_change_timestamp_seconds").Add({});
  Gauge& certificate_start = AddGauge("tidewaiter_certificate_start_timestamp_seconds").Add({});
  Gauge& certificate_expiry = AddGauge("tidewaiter_certificate_expiry_timestamp_seconds").Add({});
  std::mutex policy_mutex;
  PassingGauges exemption_ends{AddGauge("tidewaiter_exemption_expiry_timestamp_seconds")};
  PassingGauges policy_controls{AddGauge("tidewaiter_policy_controls")};
  Family<Gauge>& connections = AddGauge("tidewaiter_connections");

  // [door][kind][operation][outcome], made when first used: most combinations never are.
  std::vector<std::atomic<Counter*>> request_counters =
      std::vector<std::atomic<Counter*>>(kDoors * KindLabels().size() * kOperationLabels.size() * kOutcomes);
  std::array<Histogram*, kDoors> duration_histograms{};
  // Of a server that works with a cluster; without samples, and so not shown, in any other.
  Family<Gauge>& cluster_ages = AddGauge("tidewaiter_cluster_state_age_seconds");
  Family<Counter>& cluster_errors = AddCounter("tidewaiter_cluster_errors_total");
  Family<Gauge>& leader = AddGauge("tidewaiter_leader");
  std::mutex source_mutex;
  std::function<ConnectionCounts()> connection_source;
  std::function<ClusterState()> cluster_source;

  // Under the names that all of Prometheus' client libraries use.
  Counter& cpu_seconds = AddCounter("process_cpu_seconds_total").Add({});
  Gauge& resident_bytes = AddGauge("process_resident_memory_bytes").Add({});
  Gauge& virtual_bytes = AddGauge("process_virtual_memory_bytes").Add({});
  Gauge& start_time = AddGauge("process_start_time_seconds").Add({});
  Gauge& threads = AddGauge("process_threads").Add({});
  Gauge& open_files = AddGauge("process_open_fds").Add({});
  Gauge& most_files = AddGauge("process_max_fds").Add({});

  // A system without proc(5) shows the last values, or zeros.
  void ShowProcess() {
    const absl::StatusOr<ProcessUsage> usage = ReadProcessUsage();
    if (!usage.ok()) return;
    cpu_seconds.Increment(usage->cpu_seconds - cpu_seconds.Value());
    resident_bytes.Set(static_cast<double>(usage->resident_bytes));
    virtual_bytes.Set(static_cast<double>(usage->virtual_bytes));
    start_time.Set(usage->start_time_seconds);
    threads.Set(static_cast<double>(usage->threads));
    open_files.Set(static_cast<double>(usage->open_files));
    most_files.Set(usage->most_files);
  }

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
    const std::size_t kind = is_known ? IndexOf(KindLabels(), decision.kind) : KindLabels().size() - 1;
    const std::size_t operation = IndexOf(kOperationLabels, decision.operation);
    const std::size_t outcome = static_cast<std::size_t>(decision.outcome);
    std::atomic<Counter*>& slot =
        request_counters[((door * KindLabels().size() + kind) * kOperationLabels.size() + operation) * kOutcomes +
                         outcome];
    Counter* counter = slot.load(std::memory_order_acquire);
    if (counter == nullptr) {
      counter = &requests.Add({{"door", std::string(DoorName(decision.door))},
                               {"kind", std::string(KindLabels()[kind])},
                               {"operation", std::string(kOperationLabels[operation])},
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
  for (const char* source : {"files", "resources"}) families_->invalid.Add({{"source", source}});
  families_->AddGauge("tidewaiter_build_info").Add({{"version", std::string(version)}}).Set(1);
}

Metrics::~Metrics() = default;

void Metrics::CountDecision(const Decision& decision, std::chrono::nanoseconds duration) {
  families_->RequestCounter(decision).Increment();
  families_->duration_histograms[static_cast<std::size_t>(decision.door)]->Observe(
      std::chrono::duration<double>(duration).count());
  for (const JudgedFinding& judged : decision.findings) {
    if (judged.is_exempt()) {
      families_->exempted.Count(judged.policy, judged.exemption, "");
      continue;
    }
    families_->findings.Count(judged.policy, judged.finding->control, ModeName(judged.mode));
    if (judged.denies()) families_->denials.Count(judged.policy, judged.finding->control, "");
  }
  for (const Injection& injection : decision.injections) {
    families_->injections.Count(injection.policy, injection.control, ModeName(injection.mode));
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

void Metrics::SetPolicies(const PolicySet& policies, std::int64_t now) {
  const std::lock_guard lock(families_->policy_mutex);
  families_->policies.Set(static_cast<double>(policies.policies().size()));
  families_->last_change.Set(static_cast<double>(now));
  families_->exemption_ends.Begin();
  for (const ExemptionEnd& end : FindExemptionEnds(policies)) {
    families_->exemption_ends.Add({{"policy", end.policy}, {"exemption", end.exemption}},
                                  static_cast<double>(end.end_seconds()));
  }
  families_->policy_controls.Begin();
  for (const Policy& policy : policies.policies()) {
    std::map<Mode, int> counts;
    for (const AppliedControl& control : policy.controls) ++counts[control.mode];
    for (const auto& [mode, count] : counts) {
      families_->policy_controls.Add({{"policy", policy.name}, {"mode", std::string(ModeName(mode))}}, count);
    }
  }
}

void Metrics::SetFilesInvalid(bool is_invalid) {
  families_->invalid.Add({{"source", "files"}}).Set(is_invalid ? 1 : 0);
}

void Metrics::SetInvalidResources(std::size_t count) {
  families_->invalid.Add({{"source", "resources"}}).Set(static_cast<double>(count));
}

void Metrics::SetCertificateValidity(std::int64_t not_before, std::int64_t not_after) {
  families_->certificate_start.Set(static_cast<double>(not_before));
  families_->certificate_expiry.Set(static_cast<double>(not_after));
}

void Metrics::SetRestarts(std::uint64_t count) { families_->restarts.Increment(static_cast<double>(count)); }

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
  for (const prometheus::MetricFamily& family : families_->finding_family.Collect()) {
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
  families_->ShowProcess();
  families_->connections.Add({{"state", "handshaking"}}).Set(static_cast<double>(counts.handshaking));
  families_->connections.Add({{"state", "active"}}).Set(static_cast<double>(counts.active));
  families_->connections.Add({{"state", "parked"}}).Set(static_cast<double>(counts.parked));
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace tidewaiter
