// SPDX-License-Identifier: Apache-2.0
//
// How an injecting control changes a Pod: one small function per injectable field. Each changes the typed Pod and
// records the change, so that the patch and the Pod that is judged can never differ. Sets only what is not set:
// overwriting what a user wrote is not its job. Tested by tests/controls/editor_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/controls/base/change_tree.h"
#include "webhook/kube/pod.h"

namespace tidewaiter {

// Which parts of a Pod the API server still lets a patch change.
struct EditScope {
  // A Pod that is being created (or a template's future Pod): everything. Otherwise an update of
  // pods/ephemeralcontainers: only the containers named below, and of those only what a container itself holds.
  bool is_new_pod = true;
  std::vector<std::string> new_ephemeral_containers;
};

// One field that was set.
struct Change {
  std::string pointer;  // from the Pod's root
  std::string value;    // JSON text
};

class Editor {
 public:
  // Edits `pod` in place; it must outlive the editor. Its containers' pointers must be those of the original. Every
  // text that a setter below takes as a view must outlive the Pod: a literal, or one of the policy's settings. Without
  // `wants_tree` there is none: only a patch needs it.
  Editor(Pod& pod, EditScope scope, bool wants_tree = true) : pod_(pod), scope_(std::move(scope)) {
    tree_.is_ignored = !wants_tree;
  }

  const Pod& pod() const { return pod_; }

  // What may not be edited although the API server would let it: containers by index (empty: none is exempt), and the
  // Pod as a whole. Stays until the next call.
  void SetExempt(std::vector<bool> containers, bool is_pod_exempt) {
    exempt_containers_ = std::move(containers);
    is_pod_exempt_ = is_pod_exempt;
  }

  // Whether the fields of this container, one of pod().containers, may be set.
  bool MayEdit(const Container& container) const;
  // Whether what belongs to the whole Pod may be set, volumes may be added and mounted, and resources set: only while
  // it is new.
  bool may_edit_pod() const { return scope_.is_new_pod && !is_pod_exempt_; }
  // The same for what stands for every container that has no value of its own: then none of them may be exempt.
  bool may_edit_pod_for_containers() const { return may_edit_pod() && exempt_containers_.empty(); }
  bool may_add_volumes() const { return scope_.is_new_pod; }
  bool has_added_volumes() const { return added_volumes_ > 0; }
  bool may_set_resources() const { return scope_.is_new_pod; }

  // `container` is the index in pod().containers. Precondition for each: MayEdit, and the field is not set.
  void SetRunAsNonRoot(std::size_t container);
  void SetRunAsUser(std::size_t container, std::int64_t uid);
  void SetRunAsGroup(std::size_t container, std::int64_t gid);
  void SetReadOnlyRootFilesystem(std::size_t container);
  // allowPrivilegeEscalation=false.
  void SetNoPrivilegeEscalation(std::size_t container);
  // Puts ALL behind what capabilities.drop holds already.
  void DropAllCapabilities(std::size_t container) { DropCapability(container, "ALL"); }
  // Puts the capability behind what capabilities.drop holds already. Precondition: it does not hold it.
  void DropCapability(std::size_t container, std::string_view capability);
  // seccompProfile: {type: RuntimeDefault}.
  void SetSeccompRuntimeDefault(std::size_t container);
  void SetRequest(std::size_t container, std::string_view resource, const Quantity& amount);
  void SetLimit(std::size_t container, std::string_view resource, const Quantity& amount);

  // Of the whole Pod. Precondition for each: may_edit_pod(), and the field is not set.
  void SetPodSeccompRuntimeDefault();
  void SetFsGroup(std::int64_t gid);
  void SetSupplementalGroupsPolicy(std::string_view policy);
  void SetHostUsers(bool value);
  // automountServiceAccountToken=false; and the API server's volumes with a token, which it put in because the field
  // was not set, go out again with their mounts (Kubernetes plugin/pkg/admission/serviceaccount). They leave the Pod at
  // Finish(): until then every index means what it meant.
  void SetNoServiceAccountToken();

  // emptyDir.sizeLimit of the volume at `volume` in pod().volumes, an emptyDir (or a volume without a source, which is
  // one) that has none; also one that was added here. Precondition: may_add_volumes().
  void SetEmptyDirSizeLimit(std::size_t volume, const Quantity& size_limit);

  // Adds an emptyDir volume; `size_limit` 0 means none. The name must not be taken. Gives back the name as the Pod
  // keeps it.
  std::string_view AddEmptyDir(std::string name, const Quantity& size_limit);
  // Mounts the volume; the path must not be mounted yet.
  void AddVolumeMount(std::size_t container, std::string_view volume, std::string_view mount_path);

  // Ends the editing: what is to go out goes out of the Pod. Nothing else may be called after it but what tells of the
  // changes.
  void Finish();

  // Something the user should know about what was injected; shown as a warning.
  void Warn(std::string warning) { warnings_.push_back(std::move(warning)); }

  // Whether the field at this pointer was set here, for this policy or an earlier one: then no user wrote it.
  bool HasSet(std::string_view pointer) const;

  const ChangeNode& tree() const { return tree_; }
  const std::vector<Change>& changes() const { return changes_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  // The container's securityContext, made when it is not there.
  ChangeNode& SecurityContextNode(std::size_t container);
  void SetLeaf(ChangeNode& parent, std::string_view parent_pointer, std::string_view key, std::string value);
  void SetInSecurityContext(std::size_t container, std::string_view key, std::string value);
  void SetInPodSpec(std::string_view key, std::string value);
  void SetInPodSecurityContext(std::string_view key, std::string value);
  void SetResource(std::size_t container, std::string_view list_name, ResourceList ResourceRequirements::*list,
                   std::string_view resource, const Quantity& amount);

  Pod& pod_;
  EditScope scope_;
  std::vector<bool> exempt_containers_;
  bool is_pod_exempt_ = false;
  std::size_t added_volumes_ = 0;  // the last ones of pod_.volumes
  std::vector<std::string_view> removed_volumes_;
  ChangeNode tree_;
  std::vector<Change> changes_;
  std::vector<std::string> warnings_;
};

}  // namespace tidewaiter
