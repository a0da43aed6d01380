// SPDX-License-Identifier: Apache-2.0
//
// A workload: an object that is a Pod or holds a template of one, and where the template lies in each built-in kind.
// Tested by tests/kube/workload_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/kube/json.h"
#include "webhook/kube/pod.h"

namespace tidewaiter {

// The texts of these three are views into the JsonDocument that they were decoded from.

// meta/v1 GroupVersionKind; the core group is "".
struct GroupVersionKind {
  std::string_view group;
  std::string_view version;
  std::string_view kind;
  bool operator==(const GroupVersionKind&) const = default;
};

// meta/v1 OwnerReference.
struct OwnerReference {
  std::string_view kind;
  std::string_view name;
  std::string_view uid;
  std::optional<bool> controller;
  bool operator==(const OwnerReference&) const = default;
};

// The part of meta/v1 ObjectMeta that is read of every workload.
struct ObjectMeta {
  std::string_view name;
  std::string_view generate_name;  // Pods of controllers have this and no name
  std::string_view namespace_name;
  TextMap<std::string_view> labels;
  std::vector<OwnerReference> owner_references;
  std::optional<std::string_view> deletion_timestamp;
};

struct Workload {
  ObjectMeta metadata;
  // JSON pointer of the Pod or its template inside the object: "" for a Pod, "/spec/template" for a Deployment.
  std::string pod_pointer;
  Pod pod;

  // metadata.deletionTimestamp is set: only finalizers are left to run.
  bool is_being_deleted() const { return metadata.deletion_timestamp.has_value(); }
};

// The JSON pointer of the pod template in a built-in workload kind ("" for Pod itself), or nullopt when the kind holds
// none. Kinds: Pod, PodTemplate, ReplicationController (core group ""), ReplicaSet, Deployment, StatefulSet, DaemonSet
// (apps), Job, CronJob (batch); any version.
std::optional<std::string_view> PodPointerOf(std::string_view group, std::string_view kind);

// Whether a built-in workload kind, of whatever group, has that name.
bool IsWorkloadKindName(std::string_view kind);

// The names of those kinds.
const std::vector<std::string_view>& WorkloadKindNames();

// One pod template of an object.
struct TemplatePlace {
  std::string pointer;  // "/spec/replicatedJobs/0/template/spec/template"
  // The same template before and after an update: the pointer with the `name` of a list's element, where it has one, in
  // place of its index.
  std::string identity;
};

// The templates that `object` has at `pattern`, a JSON pointer in which `*` stands for each element of a list. What is
// absent or null holds none. InvalidArgument when something on the way has a wrong type.
absl::StatusOr<std::vector<TemplatePlace>> FindTemplates(JsonValue object, std::string_view pattern);

// Read the metadata of `object`, or the Pod at `pod_pointer` in it. InvalidArgument, with the field path from the
// object's root, when something has a wrong type or the template is missing.
absl::StatusOr<ObjectMeta> DecodeObjectMeta(JsonValue object);
absl::StatusOr<Pod> DecodePodAt(JsonValue object, std::string_view pod_pointer);
// Both.
absl::StatusOr<Workload> DecodeWorkload(JsonValue object, std::string_view pod_pointer);

}  // namespace tidewaiter
