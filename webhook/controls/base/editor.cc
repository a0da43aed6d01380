// SPDX-License-Identifier: Apache-2.0
//
// Each edit in two halves that must say the same: the typed Pod, and the recorded change.
#include "webhook/controls/base/editor.h"

#include <algorithm>
#include <utility>

#include "webhook/controls/base/service_account_tokens.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/json_text.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kRuntimeDefaultProfile = R"({"type":"RuntimeDefault"})";

std::string EmptyDirText(std::string_view name, const Quantity& size_limit) {
  std::string text = StrCat("{\"name\":", JsonText(name), ",\"emptyDir\":{");
  if (size_limit > Quantity()) StrAppend(&text, "\"sizeLimit\":", JsonText(size_limit.text()));
  return text + "}}";
}

LocalProfile RuntimeDefaultProfile() { return {.type = "RuntimeDefault", .localhost_profile = {}}; }

}  // namespace

bool Editor::MayEdit(const Container& container) const {
  if (!exempt_containers_.empty()) {
    const auto place = static_cast<std::size_t>(&container - pod_.containers.data());
    if (exempt_containers_[place]) return false;
  }
  if (scope_.is_new_pod) return true;
  const auto& names = scope_.new_ephemeral_containers;
  return container.kind == ContainerKind::kEphemeral &&
         std::find(names.begin(), names.end(), container.name) != names.end();
}

bool Editor::HasSet(std::string_view pointer) const {
  return std::any_of(changes_.begin(), changes_.end(), [&](const Change& change) { return change.pointer == pointer; });
}

ChangeNode& Editor::SecurityContextNode(std::size_t container) {
  Container& edited = pod_.containers[container];
  ChangeNode& node = tree_.At(edited.pointer).Member("securityContext", edited.security_context.has_value());
  if (!edited.security_context.has_value()) edited.security_context.emplace();
  return node;
}

void Editor::SetLeaf(ChangeNode& parent, std::string_view parent_pointer, std::string_view key, std::string value) {
  if (!parent.is_ignored) parent.Member(key, false).value = value;
  changes_.push_back({StrCat(parent_pointer, "/", EscapePointerToken(key)), std::move(value)});
}

void Editor::SetInSecurityContext(std::size_t container, std::string_view key, std::string value) {
  SetLeaf(SecurityContextNode(container), StrCat(pod_.containers[container].pointer, "/securityContext"), key,
          std::move(value));
}

void Editor::SetRunAsNonRoot(std::size_t container) {
  SetInSecurityContext(container, "runAsNonRoot", "true");
  pod_.containers[container].security_context->run_as_non_root = true;
}

void Editor::SetRunAsUser(std::size_t container, std::int64_t uid) {
  SetInSecurityContext(container, "runAsUser", StrCat(uid));
  pod_.containers[container].security_context->run_as_user = uid;
}

void Editor::SetRunAsGroup(std::size_t container, std::int64_t gid) {
  SetInSecurityContext(container, "runAsGroup", StrCat(gid));
  pod_.containers[container].security_context->run_as_group = gid;
}

void Editor::SetReadOnlyRootFilesystem(std::size_t container) {
  SetInSecurityContext(container, "readOnlyRootFilesystem", "true");
  pod_.containers[container].security_context->read_only_root_filesystem = true;
}

void Editor::SetNoPrivilegeEscalation(std::size_t container) {
  SetInSecurityContext(container, "allowPrivilegeEscalation", "false");
  pod_.containers[container].security_context->allow_privilege_escalation = false;
}

void Editor::DropCapability(std::size_t container, std::string_view capability) {
  ChangeNode& security_context = SecurityContextNode(container);
  Container& edited = pod_.containers[container];
  std::optional<Capabilities>& capabilities = edited.security_context->capabilities;
  ChangeNode& node = security_context.Member("capabilities", capabilities.has_value());
  if (!capabilities.has_value()) capabilities.emplace();
  std::vector<std::string_view>& drop = capabilities->drop;
  ChangeNode& list = node.Member("drop", !drop.empty());
  changes_.push_back(
      {StrCat(edited.pointer, "/securityContext/capabilities/drop/", drop.size()), JsonText(capability)});
  list.appended.push_back(JsonText(capability));
  drop.emplace_back(capability);
}

void Editor::SetSeccompRuntimeDefault(std::size_t container) {
  SetInSecurityContext(container, "seccompProfile", std::string(kRuntimeDefaultProfile));
  pod_.containers[container].security_context->seccomp_profile = RuntimeDefaultProfile();
}

void Editor::SetInPodSpec(std::string_view key, std::string value) {
  SetLeaf(tree_.At("/spec"), "/spec", key, std::move(value));
}

void Editor::SetInPodSecurityContext(std::string_view key, std::string value) {
  ChangeNode& node = tree_.At("/spec").Member("securityContext", pod_.security_context.has_value());
  if (!pod_.security_context.has_value()) pod_.security_context.emplace();
  SetLeaf(node, "/spec/securityContext", key, std::move(value));
}

void Editor::SetPodSeccompRuntimeDefault() {
  SetInPodSecurityContext("seccompProfile", std::string(kRuntimeDefaultProfile));
  pod_.security_context->seccomp_profile = RuntimeDefaultProfile();
}

void Editor::SetFsGroup(std::int64_t gid) {
  SetInPodSecurityContext("fsGroup", StrCat(gid));
  pod_.security_context->fs_group = gid;
}

void Editor::SetSupplementalGroupsPolicy(std::string_view policy) {
  SetInPodSecurityContext("supplementalGroupsPolicy", JsonText(policy));
  pod_.security_context->supplemental_groups_policy = policy;
}

void Editor::SetHostUsers(bool value) {
  SetInPodSpec("hostUsers", value ? "true" : "false");
  pod_.host_users = value;
}

void Editor::SetNoServiceAccountToken() {
  SetInPodSpec("automountServiceAccountToken", "false");
  pod_.automount_service_account_token = false;
  const auto remove = [&](std::string_view list, std::size_t index) {
    tree_.At(list).removed.push_back(index);
    changes_.push_back({StrCat(list, "/", index), "null"});
  };
  for (std::size_t i = 0; i < pod_.volumes.size() - added_volumes_; ++i) {
    const Volume& volume = pod_.volumes[i];
    if (!IsAutomaticTokenVolume(volume)) continue;
    remove("/spec/volumes", i);
    for (const Container& container : pod_.containers) {
      for (std::size_t k = 0; k < container.volume_mounts.size(); ++k) {
        if (container.volume_mounts[k].name == volume.name) remove(StrCat(container.pointer, "/volumeMounts"), k);
      }
    }
    removed_volumes_.push_back(volume.name);
  }
}

void Editor::Finish() {
  for (const std::string_view name : removed_volumes_) {
    std::erase_if(pod_.volumes, [&](const Volume& volume) { return volume.name == name; });
    for (Container& container : pod_.containers) {
      std::erase_if(container.volume_mounts, [&](const VolumeMount& mount) { return mount.name == name; });
    }
  }
}

void Editor::SetEmptyDirSizeLimit(std::size_t volume, const Quantity& size_limit) {
  Volume& edited = pod_.volumes[volume];
  const std::string pointer = StrCat("/spec/volumes/", volume);
  if (volume >= pod_.volumes.size() - added_volumes_) {  // added here: the patch holds it as a whole
    std::vector<std::string>& added = tree_.At("/spec").Member("volumes", true).appended;
    const std::size_t place = volume + added_volumes_ - pod_.volumes.size();
    if (!tree_.is_ignored) added[place] = EmptyDirText(edited.name, size_limit);
    changes_.push_back({pointer + "/emptyDir/sizeLimit", JsonText(size_limit.text())});
  } else {
    ChangeNode& node = tree_.At(pointer).Member("emptyDir", edited.empty_dir.has_value());
    edited.source = "emptyDir";
    if (!edited.empty_dir.has_value()) edited.empty_dir.emplace();
    SetLeaf(node, pointer + "/emptyDir", "sizeLimit", JsonText(size_limit.text()));
  }
  edited.empty_dir->size_limit = size_limit;
}

void Editor::SetRequest(std::size_t container, std::string_view resource, const Quantity& amount) {
  SetResource(container, "requests", &ResourceRequirements::requests, resource, amount);
}

void Editor::SetLimit(std::size_t container, std::string_view resource, const Quantity& amount) {
  SetResource(container, "limits", &ResourceRequirements::limits, resource, amount);
}

void Editor::SetResource(std::size_t container, std::string_view list_name, ResourceList ResourceRequirements::*list,
                         std::string_view resource, const Quantity& amount) {
  Container& edited = pod_.containers[container];
  ChangeNode& resources = tree_.At(edited.pointer).Member("resources", edited.resources.has_value());
  if (!edited.resources.has_value()) edited.resources.emplace();
  ResourceList& amounts = (*edited.resources).*list;
  ChangeNode& node = resources.Member(list_name, !amounts.empty());
  SetLeaf(node, StrCat(edited.pointer, "/resources/", list_name), resource, JsonText(amount.text()));
  amounts.Set(resource, amount);
}

std::string_view Editor::AddEmptyDir(std::string name, const Quantity& size_limit) {
  ChangeNode& node = tree_.At("/spec").Member("volumes", !pod_.volumes.empty());
  std::string value = EmptyDirText(name, size_limit);
  changes_.push_back({StrCat("/spec/volumes/", pod_.volumes.size()), value});
  node.appended.push_back(std::move(value));
  Volume volume{.name = pod_.texts.Keep(std::move(name)),
                .source = "emptyDir",
                .image = {},
                .host_path = {},
                .empty_dir = {},
                .projected = {}};
  volume.empty_dir.emplace();
  if (size_limit > Quantity()) volume.empty_dir->size_limit = size_limit;
  pod_.volumes.push_back(std::move(volume));
  ++added_volumes_;
  return pod_.volumes.back().name;
}

void Editor::AddVolumeMount(std::size_t container, std::string_view volume, std::string_view mount_path) {
  Container& edited = pod_.containers[container];
  ChangeNode& node = tree_.At(edited.pointer).Member("volumeMounts", !edited.volume_mounts.empty());
  std::string value = StrCat("{\"name\":", JsonText(volume), ",\"mountPath\":", JsonText(mount_path), "}");
  changes_.push_back({StrCat(edited.pointer, "/volumeMounts/", edited.volume_mounts.size()), value});
  node.appended.push_back(std::move(value));
  edited.volume_mounts.push_back(
      {.name = volume, .mount_path = mount_path, .read_only = {}, .sub_path = {}, .sub_path_expr = {}});
}

}  // namespace tidewaiter
