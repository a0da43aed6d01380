// SPDX-License-Identifier: Apache-2.0
//
// Written as a merge patch that names the object's uid: no other writer's fields are touched, and no object that only
// has the old one's name.
#include "webhook/cluster/policy_status.h"

#include <ctime>
#include <set>
#include <utility>

#include "absl/time/time.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// meta/v1 Condition takes 32768 characters of message.
constexpr std::size_t kMaxConditionBytes = 32'000;

std::string Rfc3339(std::int64_t seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
}

std::string_view ReasonOf(const ResourceOutcome& outcome) {
  switch (outcome.state) {
    case ResourceOutcome::State::kApplied:
      return "Applied";
    case ResourceOutcome::State::kInvalid:
      return "Invalid";
    case ResourceOutcome::State::kShadowed:
      break;
  }
  return "Shadowed";
}

std::string MessageFor(const ResourceOutcome& outcome) {
  if (outcome.state == ResourceOutcome::State::kApplied) {
    return StrCat("applies ", outcome.controls, outcome.controls == 1 ? " control" : " controls");
  }
  std::string message = outcome.error;
  if (message.size() > kMaxConditionBytes) message = message.substr(0, kMaxConditionBytes) + "...";
  if (outcome.keeps_last_good) message += "\nthe last good version stays in force";
  return message;
}

// The condition Ready of a status, or nullptr.
const Json* FindReady(const Json* status) {
  const Json* const conditions = status == nullptr ? nullptr : FindAt(*status, {"conditions"});
  if (conditions == nullptr || !conditions->is_array()) return nullptr;
  for (const Json& condition : *conditions) {
    if (TextAt(condition, {"type"}) == "Ready") return &condition;
  }
  return nullptr;
}

Json WithoutFindings(Json status) {
  if (status.is_object()) status.erase("findings");
  return status;
}

}  // namespace

Json PolicyStatus(const ResourceOutcome& outcome, const FindingCounts& findings, const Json* before, std::int64_t now) {
  const std::string status = outcome.state == ResourceOutcome::State::kApplied ? "True" : "False";
  const Json* const ready = FindReady(before);
  const bool is_same = ready != nullptr && TextAt(*ready, {"status"}) == status;
  const std::string since = is_same ? TextAt(*ready, {"lastTransitionTime"}) : std::string();
  const Json condition = {{"type", "Ready"},
                          {"status", status},
                          {"reason", ReasonOf(outcome)},
                          {"message", MessageFor(outcome)},
                          {"observedGeneration", outcome.generation},
                          {"lastTransitionTime", since.empty() ? Rfc3339(now) : since}};
  return {{"observedGeneration", outcome.generation},
          {"controls", outcome.controls},
          {"findings", {{"enforce", findings.enforce}, {"warn", findings.warn}, {"audit", findings.audit}}},
          {"conditions", Json::array({condition})}};
}

PolicyStatusWriter::PolicyStatusWriter(ApiClient& client, const PolicyWatch& watch, PolicyStatusOptions options)
    : client_(client), watch_(watch), options_(std::move(options)) {}

bool PolicyStatusWriter::IsDue(const ResourceOutcome& outcome, const Json& wanted, const Json* before) const {
  if (before != nullptr && wanted == *before) return false;
  const bool is_findings_only = before != nullptr && WithoutFindings(wanted) == WithoutFindings(*before);
  const auto written = written_at_.find(outcome.uid);
  return written == written_at_.end() ||
         options_.clock() - written->second >= (is_findings_only ? options_.findings_pause : options_.pause);
}

absl::Status PolicyStatusWriter::WriteDue(const std::vector<ResourceOutcome>& outcomes,
                                          const std::map<std::string, FindingCounts>& findings,
                                          Cancellation& cancellation) {
  absl::Status first;
  std::set<std::string> uids;
  for (const ResourceOutcome& outcome : outcomes) {
    if (cancellation.is_cancelled()) break;
    uids.insert(outcome.uid);
    const std::shared_ptr<const Json> before = watch_.FindStatus(outcome.name, outcome.uid);
    const auto counted = findings.find(outcome.name);
    const Json wanted =
        PolicyStatus(outcome, counted == findings.end() ? FindingCounts() : counted->second, before.get(),
                     options_.wall_clock ? options_.wall_clock() : static_cast<std::int64_t>(std::time(nullptr)));
    if (!IsDue(outcome, wanted, before.get())) continue;
    written_at_[outcome.uid] = options_.clock();
    if (absl::Status status = Write(outcome, wanted, cancellation); !status.ok() && first.ok()) first = status;
  }
  std::erase_if(written_at_, [&](const auto& entry) { return !uids.contains(entry.first); });
  return first;
}

absl::Status PolicyStatusWriter::Write(const ResourceOutcome& outcome, const Json& status, Cancellation& cancellation) {
  const Json patch = {{"metadata", {{"uid", outcome.uid}}}, {"status", status}};
  absl::Status written = client_
                             .Patch(StrCat(PolicyPath(outcome.name), "/status"), PatchType::kMerge, patch,
                                    {.timeout = options_.timeout, .cancellation = &cancellation})
                             .status();
  if (absl::IsNotFound(written) || absl::IsAborted(written)) return absl::OkStatus();
  return written;
}

}  // namespace tidewaiter
