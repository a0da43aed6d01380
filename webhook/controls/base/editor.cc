// SPDX-License-Identifier: Apache-2.0
//
// Each edit in two halves that must say the same: the typed Pod, and the recorded change.
#include "webhook/controls/base/editor.h"

#include <algorithm>
#include <utility>

#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

bool Editor::MayEdit(const Container& container) const {
  if (scope_.is_new_pod) return true;
  const auto& names = scope_.new_ephemeral_containers;
  return container.kind == ContainerKind::kEphemeral &&
         std::find(names.begin(), names.end(), container.name) != names.end();
}

ChangeNode& Editor::SecurityContextNode(std::size_t container) {
  Container& edited = pod_.containers[container];
  ChangeNode& node = tree_.At(edited.pointer).Member("securityContext", edited.security_context.has_value());
  if (!edited.security_context.has_value()) edited.security_context.emplace();
  return node;
}

void Editor::SetLeaf(ChangeNode& parent, std::string_view parent_pointer, std::string_view key, std::string value) {
  parent.Member(key, false).value = value;
  changes_.push_back({StrCat(parent_pointer, "/", EscapePointerToken(key)), std::move(value)});
}

void Editor::SetInSecurityContext(std::size_t container, std::string_view key, std::string value) {
  SetLeaf(SecurityContextNode(container), pod_.containers[container].pointer + "/securityContext", key,
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
  amounts.insert_or_assign(std::string(resource), amount);
}

void Editor::AddEmptyDir(std::string name, const Quantity& size_limit) {
  ChangeNode& node = tree_.At("/spec").Member("volumes", !pod_.volumes.empty());
  std::string value = StrCat("{\"name\":", JsonText(name), ",\"emptyDir\":{");
  if (size_limit > Quantity()) StrAppend(&value, "\"sizeLimit\":", JsonText(size_limit.text()));
  value += "}}";
  changes_.push_back({StrCat("/spec/volumes/", pod_.volumes.size()), value});
  node.appended.push_back(std::move(value));
  pod_.volumes.push_back({.name = std::move(name), .source = "emptyDir", .image = {}});
}

void Editor::AddVolumeMount(std::size_t container, std::string volume, std::string mount_path) {
  Container& edited = pod_.containers[container];
  ChangeNode& node = tree_.At(edited.pointer).Member("volumeMounts", !edited.volume_mounts.empty());
  std::string value = StrCat("{\"name\":", JsonText(volume), ",\"mountPath\":", JsonText(mount_path), "}");
  changes_.push_back({StrCat(edited.pointer, "/volumeMounts/", edited.volume_mounts.size()), value});
  node.appended.push_back(std::move(value));
  edited.volume_mounts.push_back({.name = std::move(volume),
                                  .mount_path = std::move(mount_path),
                                  .read_only = {},
                                  .sub_path = {},
                                  .sub_path_expr = {}});
}

}  // namespace tidewaiter
