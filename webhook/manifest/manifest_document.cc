// SPDX-License-Identifier: Apache-2.0
//
// Walking the tree.
#include "webhook/manifest/manifest_document.h"

namespace tidewaiter {
namespace {

// A mapping may merge one that merges one; deeper than this it merges itself.
constexpr int kMostMerges = 32;

}  // namespace

void ManifestDocument::ForEachMember(NodeId mapping, absl::FunctionRef<void(const Member&)> visit) const {
  const ManifestNode& node = nodes_[Resolve(mapping)];
  if (node.kind != NodeKind::kMapping) return;
  for (NodeId key = node.first; key != kNoNode;) {
    const NodeId value = nodes_[key].next;
    visit({.key = key, .value = value});
    key = nodes_[value].next;
  }
}

void ManifestDocument::ForEachElement(NodeId sequence, absl::FunctionRef<void(NodeId)> visit) const {
  const ManifestNode& node = nodes_[Resolve(sequence)];
  if (node.kind != NodeKind::kSequence) return;
  for (NodeId id = node.first; id != kNoNode; id = nodes_[id].next) visit(id);
}

NodeId ManifestDocument::ElementAt(NodeId sequence, std::size_t index) const {
  const ManifestNode& node = nodes_[Resolve(sequence)];
  if (node.kind != NodeKind::kSequence) return kNoNode;
  NodeId id = node.first;
  while (id != kNoNode && index-- > 0) id = nodes_[id].next;
  return id;
}

ManifestDocument::Member ManifestDocument::FindBelow(NodeId mapping, std::string_view key, int merges) const {
  Member found;
  ForEachMember(mapping, [&](const Member& member) {
    const ManifestNode& node = nodes_[member.key];
    if (!node.is_merge) {
      if (text(member.key) == key) found = member;
      return;
    }
    if (merges >= kMostMerges) return;
    const auto look_into = [&](NodeId merged) {
      const Member inner = FindBelow(merged, key, merges + 1);
      if (inner.key != kNoNode) found = inner;
    };
    if (KindOf(member.value) == NodeKind::kMapping) look_into(member.value);
    // Of several the earlier one counts, so that the last one found must be the first.
    std::vector<NodeId> several;
    ForEachElement(member.value, [&](NodeId element) { several.push_back(element); });
    for (auto element = several.rbegin(); element != several.rend(); ++element) look_into(*element);
  });
  return found;
}

}  // namespace tidewaiter
