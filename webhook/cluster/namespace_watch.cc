// SPDX-License-Identifier: Apache-2.0
//
// The handler decodes a namespace to its labels at once; nothing else of it is kept.
#include "webhook/cluster/namespace_watch.h"

#include <algorithm>
#include <utility>

#include "webhook/kube/characters.h"
#include "webhook/kube/text.h"
#include "webhook/policy/match.h"

namespace tidewaiter {
namespace {

constexpr char kNamespaceApi[] = "/api/v1";

ReflectorOptions ForNamespaces(ReflectorOptions options) {
  options.path = ResourcePath(kNamespaceApi, "", "namespaces");
  options.kind = "Namespace";
  return options;
}

// What a namespace's name must be: an RFC 1123 label (apimachinery validation ValidateNamespaceName).
bool IsNamespaceName(std::string_view name) {
  const auto is_inner = [](char c) { return IsLowerAlphanumeric(c) || c == '-'; };
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), is_inner) && name.front() != '-' &&
         name.back() != '-';
}

absl::StatusOr<std::shared_ptr<const Labels>> DecodeLabels(const Json& object, const std::string& name) {
  Labels labels;
  const Json* given = FindAt(object, {"metadata", "labels"});
  if (name.empty()) return absl::DataLossError("a namespace without a name");
  if (given != nullptr && !given->is_null()) {
    if (!given->is_object()) return absl::DataLossError("a namespace's labels are no object");
    for (const auto& [key, value] : given->items()) {
      if (!value.is_string()) return absl::DataLossError("a namespace's label is no string");
      labels.insert_or_assign(key, value.get<std::string>());
    }
  }
  // The API server sets it on every namespace, and nobody can change it; those before 1.21 did not.
  labels.insert_or_assign(std::string(kNamespaceNameLabel), name);
  return std::make_shared<const Labels>(std::move(labels));
}

}  // namespace

class NamespaceWatch::Handler : public ReflectorHandler {
 public:
  explicit Handler(NamespaceWatch& watch) : watch_(watch) {}

  void BeginList() override { listed_.clear(); }

  absl::Status ListItem(Json object) override {
    std::string name = TextAt(object, {"metadata", "name"});
    auto labels = DecodeLabels(object, name);
    if (!labels.ok()) return labels.status();
    listed_.insert_or_assign(std::move(name), *std::move(labels));
    return absl::OkStatus();
  }

  void Replace(const std::string&) override {
    const std::unique_lock lock(watch_.mutex_);
    watch_.known_.swap(listed_);
    ++watch_.removals_;
    listed_.clear();
  }

  absl::Status Upsert(Json object) override {
    std::string name = TextAt(object, {"metadata", "name"});
    auto labels = DecodeLabels(object, name);
    if (!labels.ok()) return labels.status();
    const std::unique_lock lock(watch_.mutex_);
    watch_.known_.insert_or_assign(std::move(name), *std::move(labels));
    return absl::OkStatus();
  }

  absl::Status Delete(Json object) override {
    const std::string name = TextAt(object, {"metadata", "name"});
    if (name.empty()) return absl::DataLossError("a namespace without a name");
    const std::unique_lock lock(watch_.mutex_);
    watch_.known_.erase(name);
    ++watch_.removals_;
    return absl::OkStatus();
  }

 private:
  NamespaceWatch& watch_;
  LabelsMap listed_;
};

NamespaceWatch::NamespaceWatch(ApiClient& client, NamespaceWatchOptions options)
    : client_(client),
      options_(std::move(options)),
      fetches_(options_.absence_holds),
      handler_(std::make_unique<Handler>(*this)),
      reflector_(client, ForNamespaces(options_.reflector), *handler_) {}

NamespaceWatch::~NamespaceWatch() { Stop(); }

void NamespaceWatch::Stop() {
  cancellation_.Cancel();
  reflector_.Stop();
}

std::shared_ptr<const Labels> NamespaceWatch::FindKnown(std::string_view namespace_name) const {
  const std::shared_lock lock(mutex_);
  const auto found = known_.find(namespace_name);
  return found == known_.end() ? nullptr : found->second;
}

std::shared_ptr<const Labels> NamespaceWatch::FindLabels(std::string_view namespace_name) const {
  std::shared_ptr<const Labels> known = FindKnown(namespace_name);
  // Before the first list nothing is known of any namespace: asking for each would only delay that list.
  if (known != nullptr || !reflector_.has_synced() || !IsNamespaceName(namespace_name)) return known;
  const std::string name(namespace_name);
  const auto fetched =
      fetches_.Get(name, options_.fetch_timeout, [&](std::chrono::milliseconds left) { return Fetch(name, left); });
  return fetched.ok() ? *fetched : FindKnown(name);  // the watch may have told of it meanwhile
}

absl::StatusOr<std::shared_ptr<const Labels>> NamespaceWatch::Fetch(const std::string& namespace_name,
                                                                    std::chrono::milliseconds timeout) const {
  std::uint64_t removals_before = 0;
  {
    const std::shared_lock lock(mutex_);
    // Another thread may have been told since this one looked.
    if (const auto found = known_.find(namespace_name); found != known_.end()) return found->second;
    removals_before = removals_;
  }
  const auto object = client_.Get(ResourcePath(kNamespaceApi, "", "namespaces", namespace_name),
                                  {.timeout = timeout, .cancellation = &cancellation_});
  if (!object.ok()) return object.status();
  if (TextAt(*object, {"kind"}) != "Namespace" || TextAt(*object, {"metadata", "name"}) != namespace_name) {
    return absl::DataLossError("the answer is not the namespace that was asked for");
  }
  auto labels = DecodeLabels(*object, namespace_name);
  if (!labels.ok()) return labels.status();
  const std::unique_lock lock(mutex_);
  // Kept until the watch says otherwise; what the watch said meanwhile is newer.
  if (removals_ == removals_before) return known_.try_emplace(namespace_name, *labels).first->second;
  return labels;
}

std::size_t NamespaceWatch::size() const {
  const std::shared_lock lock(mutex_);
  return known_.size();
}

}  // namespace tidewaiter
