// SPDX-License-Identifier: Apache-2.0
//
// A workload: an object that is a Pod or holds a template of one. Knows where the template lies for each built-in kind.
// Decoding is in review_decoder.h. Tested by tests/kube/workload_test.cc.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "webhook/kube/pod.h"

namespace tidewaiter {

// meta/v1 GroupVersionKind; the core group is "".
struct GroupVersionKind {
  std::string group;
  std::string version;
  std::string kind;
  bool operator==(const GroupVersionKind&) const = default;
};

// meta/v1 OwnerReference of the managing controller.
struct ControllerOwner {
  std::string kind;
  std::string name;
  std::string uid;
  bool operator==(const ControllerOwner&) const = default;
};

struct Workload {
  GroupVersionKind gvk;
  std::string namespace_name;
  // metadata.name; empty for a Pod that a controller makes by generateName.
  std::string name;
  std::string generate_name;
  std::map<std::string, std::string, std::less<>> labels;
  std::optional<ControllerOwner> owner;
  // metadata.deletionTimestamp is set: only finalizers are left to run.
  bool is_being_deleted = false;
  // JSON pointer of the Pod or its template inside the object: "" for a Pod, "/spec/template" for a Deployment.
  std::string pod_pointer;
  Pod pod;
};

// The JSON pointer of the pod template in a built-in workload kind ("" for Pod itself), or nullopt when the kind holds
// none. Kinds: Pod, PodTemplate, ReplicationController (core), ReplicaSet, Deployment, StatefulSet, DaemonSet (apps),
// Job, CronJob (batch); any version.
std::optional<std::string_view> PodPointerOf(std::string_view group, std::string_view kind);

}  // namespace tidewaiter
