// SPDX-License-Identifier: Apache-2.0
//
// The handler keeps of an object what the reader looks at, as text; metadata.generation tells a change of spec from all
// others.
#include "webhook/cluster/policy_watch.h"

#include <utility>

#include "webhook/kube/json.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_crd.h"
#include "webhook/policy/policy_resource.h"

namespace tidewaiter {
namespace {

ReflectorOptions ForPolicies(ReflectorOptions options) {
  options.path = PolicyPath();
  options.kind = std::string(kPolicyKind);
  return options;
}

bool AsksTheSame(const PolicyResource& a, const PolicyResource& b) {
  return a.uid == b.uid && a.generation == b.generation && *a.text == *b.text;
}

}  // namespace

std::string PolicyPath(std::string_view name) {
  return ResourcePath(StrCat("/apis/", kPolicyGroup, "/", kPolicyVersion), "", kPolicyPlural, name);
}

absl::StatusOr<PolicyResource> DecodePolicyResource(Json object) {
  PolicyResource resource;
  resource.name = TextAt(object, {"metadata", "name"});
  resource.uid = TextAt(object, {"metadata", "uid"});
  if (resource.name.empty()) return absl::DataLossError("a PodPolicy without a name");
  const Json* const generation = FindAt(object, {"metadata", "generation"});
  if (generation != nullptr && generation->is_number_integer()) resource.generation = generation->get<std::int64_t>();
  object.erase("status");
  // Objects in a list have neither, and the one path they come from says both.
  object.emplace("apiVersion", StrCat(kPolicyGroup, "/", kPolicyVersion));
  object.emplace("kind", kPolicyKind);
  object["metadata"] = {{"name", resource.name}};
  resource.text = std::make_shared<const std::string>(WriteJson(object));
  return resource;
}

absl::StatusOr<PolicyWatch::Entry> PolicyWatch::Decode(Json object) {
  Entry entry;
  if (const auto status = object.find("status"); status != object.end()) {
    entry.status = std::make_shared<const Json>(std::move(*status));
  }
  absl::StatusOr<PolicyResource> resource = DecodePolicyResource(std::move(object));
  if (!resource.ok()) return resource.status();
  entry.resource = *std::move(resource);
  return entry;
}

class PolicyWatch::Handler : public ReflectorHandler {
 public:
  explicit Handler(PolicyWatch& watch) : watch_(watch) {}

  void BeginList() override { listed_.clear(); }

  absl::Status ListItem(Json object) override {
    absl::StatusOr<Entry> entry = Decode(std::move(object));
    if (!entry.ok()) return entry.status();
    std::string name = entry->resource.name;
    listed_.insert_or_assign(std::move(name), *std::move(entry));
    return absl::OkStatus();
  }

  void Replace(const std::string&) override {
    const std::lock_guard lock(watch_.mutex_);
    watch_.entries_.swap(listed_);
    listed_.clear();
    NoteChange();
  }

  absl::Status Upsert(Json object) override {
    absl::StatusOr<Entry> entry = Decode(std::move(object));
    if (!entry.ok()) return entry.status();
    const std::lock_guard lock(watch_.mutex_);
    const auto [known, is_new] = watch_.entries_.try_emplace(entry->resource.name);
    const bool is_change = is_new || !AsksTheSame(known->second.resource, entry->resource);
    known->second = *std::move(entry);
    if (is_change) NoteChange();
    return absl::OkStatus();
  }

  absl::Status Delete(Json object) override {
    const std::string name = TextAt(object, {"metadata", "name"});
    if (name.empty()) return absl::DataLossError("a PodPolicy without a name");
    const std::lock_guard lock(watch_.mutex_);
    if (watch_.entries_.erase(name) != 0) NoteChange();
    return absl::OkStatus();
  }

 private:
  void NoteChange() {
    ++watch_.changes_;
    watch_.changed_.notify_all();
  }

  PolicyWatch& watch_;
  Entries listed_;
};

PolicyWatch::PolicyWatch(ApiClient& client, ReflectorOptions options)
    : handler_(std::make_unique<Handler>(*this)), reflector_(client, ForPolicies(std::move(options)), *handler_) {}

PolicyWatch::~PolicyWatch() { Stop(); }

void PolicyWatch::Stop() {
  reflector_.Stop();
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  changed_.notify_all();
}

std::vector<PolicyResource> PolicyWatch::Resources() const {
  const std::lock_guard lock(mutex_);
  std::vector<PolicyResource> resources;
  resources.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) resources.push_back(entry.resource);
  return resources;
}

std::shared_ptr<const Json> PolicyWatch::FindStatus(const std::string& name, const std::string& uid) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  return found == entries_.end() || found->second.resource.uid != uid ? nullptr : found->second.status;
}

std::uint64_t PolicyWatch::WaitForChange(std::uint64_t seen, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return changes_ > seen || is_stopped_; });
  return changes_;
}

}  // namespace tidewaiter
