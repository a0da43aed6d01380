// SPDX-License-Identifier: Apache-2.0
//
// Lists kind after kind. What a controller made of a workload that is judged would only say the same once more.
#include "webhook/cli/cluster_objects.h"

#include <algorithm>
#include <set>
#include <utility>

#include "webhook/cluster/policy_watch.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_crd.h"
#include "webhook/policy/policy_loader.h"
#include "webhook/policy/policy_merge.h"

namespace tidewaiter {
namespace {

// A page's text is in memory whole: some megabytes.
constexpr int kPageSize = 200;

struct Resource {
  std::string group, version, kind, plural;

  std::string Path(const std::string& namespace_name) const {
    return ResourcePath(group.empty() ? StrCat("/api/", version) : StrCat("/apis/", group, "/", version),
                        namespace_name, plural);
  }
  std::string Name() const { return group.empty() ? plural : StrCat(plural, ".", group); }
};

// Owners first.
std::vector<Resource> BuiltInResources() {
  return {{"apps", "v1", "Deployment", "deployments"},
          {"apps", "v1", "StatefulSet", "statefulsets"},
          {"apps", "v1", "DaemonSet", "daemonsets"},
          {"batch", "v1", "CronJob", "cronjobs"},
          {"batch", "v1", "Job", "jobs"},
          {"apps", "v1", "ReplicaSet", "replicasets"},
          {"", "v1", "ReplicationController", "replicationcontrollers"},
          {"", "v1", "PodTemplate", "podtemplates"},
          {"", "v1", "Pod", "pods"}};
}

// The resource of a custom kind, by discovery; none when the cluster does not have it.
absl::StatusOr<std::vector<Resource>> FindResource(ApiClient& client, const std::string& group,
                                                   const std::string& kind) {
  const absl::StatusOr<Json> found = client.Get(StrCat("/apis/", group));
  if (absl::IsNotFound(found.status())) return std::vector<Resource>();
  if (!found.ok()) return found.status();
  const std::string version = TextAt(*found, {"preferredVersion", "version"});
  const absl::StatusOr<Json> resources = client.Get(StrCat("/apis/", group, "/", version));
  if (!resources.ok()) return resources.status();
  const Json* list = FindAt(*resources, {"resources"});
  for (const Json& resource : list == nullptr ? Json::array() : *list) {
    const std::string name = TextAt(resource, {"name"});
    if (TextAt(resource, {"kind"}) == kind && name.find('/') == std::string::npos) {
      return std::vector<Resource>{{group, version, kind, name}};
    }
  }
  return std::vector<Resource>();
}

// The kind of the controller that made it, "" for none.
std::string OwnerKindOf(const Json& object) {
  const Json* owners = FindAt(object, {"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return {};
  for (const Json& owner : *owners) {
    const Json* is_controller = FindAt(owner, {"controller"});
    if (is_controller != nullptr && is_controller->is_boolean() && is_controller->get<bool>()) {
      return TextAt(owner, {"kind"});
    }
  }
  return {};
}

// What no one wrote, and nothing judges.
void Strip(Json& object) {
  object.erase("status");
  Json& metadata = object["metadata"];
  metadata.erase("managedFields");
  if (const auto annotations = metadata.find("annotations");
      annotations != metadata.end() && annotations->is_object()) {
    annotations->erase("kubectl.kubernetes.io/last-applied-configuration");
  }
}

class Receiver : public ListReceiver {
 public:
  Receiver(const Resource& resource, const std::set<std::string>& judged_kinds, ClusterWorkloads& workloads,
           ClusterProgress& progress, const std::function<void(const ClusterObject&)>& visit)
      : resource_(resource), judged_kinds_(judged_kinds), workloads_(workloads), progress_(progress), visit_(visit) {}

  // A list that expired in the middle begins anew; what was visited is not visited again.
  void BeginList() override {}

  absl::Status ListItem(Json object) override {
    if (!object.is_object() || !object.contains("metadata") || !object["metadata"].is_object()) {
      return absl::DataLossError("an item is no object");
    }
    const std::string name_space = TextAt(object, {"metadata", "namespace"});
    const std::string name = TextAt(object, {"metadata", "name"});
    if (!seen_.insert(StrCat(name_space, "/", name)).second) return absl::OkStatus();
    progress_.Step();
    if (judged_kinds_.contains(OwnerKindOf(object))) {
      ++workloads_.owned;
      return absl::OkStatus();
    }
    ++workloads_.judged;
    Strip(object);
    // Objects in a list have neither.
    object["apiVersion"] =
        resource_.group.empty() ? resource_.version : StrCat(resource_.group, "/", resource_.version);
    object["kind"] = resource_.kind;
    visit_({.group = resource_.group,
            .version = resource_.version,
            .kind = resource_.kind,
            .resource = resource_.plural,
            .namespace_name = name_space,
            .name = name,
            .object = std::move(object)});
    return absl::OkStatus();
  }

 private:
  const Resource& resource_;
  const std::set<std::string>& judged_kinds_;
  ClusterWorkloads& workloads_;
  ClusterProgress& progress_;
  const std::function<void(const ClusterObject&)>& visit_;
  std::set<std::string> seen_;
};

// How many objects a list will have: only asked for who sees the bar.
std::size_t CountObjects(ApiClient& client, const std::string& path) {
  const absl::StatusOr<Json> page = client.Get(StrCat(path, "?limit=1"));
  if (!page.ok()) return 0;
  const Json* items = FindAt(*page, {"items"});
  const Json* remaining = FindAt(*page, {"metadata", "remainingItemCount"});
  const std::size_t first = items != nullptr && items->is_array() ? items->size() : 0;
  return first + (remaining != nullptr && remaining->is_number_unsigned() ? remaining->get<std::size_t>() : 0);
}

class Policies : public ListReceiver {
 public:
  void BeginList() override { resources.clear(); }
  absl::Status ListItem(Json object) override {
    absl::StatusOr<PolicyResource> resource = DecodePolicyResource(std::move(object));
    if (!resource.ok()) return resource.status();
    resources.push_back(*std::move(resource));
    return absl::OkStatus();
  }
  std::vector<PolicyResource> resources;
};

class NamespaceLabels : public ListReceiver {
 public:
  void BeginList() override { namespaces = std::make_shared<FixedNamespaces>(); }
  absl::Status ListItem(Json object) override {
    const std::string name = TextAt(object, {"metadata", "name"});
    Labels labels;
    if (const Json* given = FindAt(object, {"metadata", "labels"}); given != nullptr && given->is_object()) {
      for (const auto& [key, value] : given->items()) {
        if (value.is_string()) labels.insert_or_assign(key, value.get<std::string>());
      }
    }
    namespaces->Add(name, std::move(labels));
    return absl::OkStatus();
  }
  std::shared_ptr<FixedNamespaces> namespaces;
};

}  // namespace

ClusterWorkloads ForEachClusterWorkload(ApiClient& client, const std::vector<WorkloadRow>& rows,
                                        const std::string& namespace_name, ClusterProgress& progress,
                                        const std::function<void(const ClusterObject&)>& visit) {
  ClusterWorkloads workloads;
  std::vector<Resource> resources;
  std::set<std::pair<std::string, std::string>> custom;
  for (const WorkloadRow& row : rows) custom.emplace(row.group, row.kind);
  for (const auto& [group, kind] : custom) {
    absl::StatusOr<std::vector<Resource>> found = FindResource(client, group, kind);
    if (!found.ok()) workloads.problems.push_back(StrCat(kind, ".", group, ": ", MessageOf(found.status())));
    if (found.ok()) resources.insert(resources.end(), found->begin(), found->end());
  }
  const std::vector<Resource> built_in = BuiltInResources();
  resources.insert(resources.end(), built_in.begin(), built_in.end());
  std::set<std::string> judged_kinds;
  for (const Resource& resource : resources) judged_kinds.insert(resource.kind);
  for (const Resource& resource : resources) {
    const std::string path = resource.Path(namespace_name);
    progress.Begin(resource.Name(), progress.is_shown() ? CountObjects(client, path) : 0);
    Receiver receiver(resource, judged_kinds, workloads, progress, visit);
    ListOptions options;
    options.page_size = kPageSize;
    const absl::StatusOr<std::string> version = client.List(path, options, receiver);
    if (version.ok()) continue;
    workloads.problems.push_back(StrCat(resource.Name(), ": ", MessageOf(version.status())));
    judged_kinds.erase(resource.kind);  // what they made speaks for them
  }
  progress.Clear();
  return workloads;
}

absl::StatusOr<std::shared_ptr<const FixedNamespaces>> ReadClusterNamespaces(ApiClient& client) {
  NamespaceLabels receiver;
  ListOptions options;
  options.kind = "NamespaceList";
  const absl::StatusOr<std::string> version = client.List("/api/v1/namespaces", options, receiver);
  if (!version.ok()) return version.status();
  return receiver.namespaces;
}

absl::StatusOr<FoundPolicies> ReadClusterPolicies(ApiClient& client) {
  Policies receiver;
  const absl::StatusOr<std::string> version = client.List(PolicyPath(), ListOptions(), receiver);
  FoundPolicies result;
  if (absl::IsNotFound(version.status())) {
    result.has_definition = false;
    result.policies = std::make_shared<const PolicySet>();
    return result;
  }
  if (!version.ok()) return version.status();
  PolicyMerger merger;
  merger.SetResources(std::move(receiver.resources));
  const MergedPolicies merged = merger.Merge();
  result.policies = merged.policies;
  for (const ResourceOutcome& outcome : merged.outcomes) {
    if (outcome.state == ResourceOutcome::State::kInvalid) result.problems.push_back(outcome.error);
  }
  return result;
}

}  // namespace tidewaiter
