// SPDX-License-Identifier: Apache-2.0
//
// Walks down as far as there is something.
#include "webhook/manifest/manifest_place.h"

#include <string>

#include "absl/strings/numbers.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

bool IsWrittenInOneLine(const ManifestNode& node, const ManifestNode& key) {
  const bool has_end =
      node.style != NodeStyle::kBlock && node.style != NodeStyle::kLiteral && node.style != NodeStyle::kFolded;
  return has_end && node.begin.line == key.begin.line && node.end.line == node.begin.line && node.begin != node.end;
}

// From the beginning of `begin` to the end of `value`, if that is on the same line.
ManifestPlace PlaceOfMember(const ManifestDocument& document, const ManifestDocument::Member& member) {
  const ManifestNode& key = document.node(member.key);
  const ManifestNode& value = document.node(member.value);
  return {.begin = key.begin, .end = IsWrittenInOneLine(value, key) ? value.end : key.end, .missing = {}};
}

// Of a list's element or an object: its first line.
ManifestPlace PlaceOfElement(const ManifestDocument& document, NodeId id) {
  const ManifestNode& node = document.node(id);
  if (node.kind == NodeKind::kMapping && node.style == NodeStyle::kBlock && node.first != kNoNode) {
    return PlaceOfMember(document, {.key = node.first, .value = document.node(node.first).next});
  }
  if (node.kind == NodeKind::kSequence && node.style == NodeStyle::kBlock && node.first != kNoNode) {
    return PlaceOfElement(document, node.first);
  }
  const bool is_in_one_line = node.end.line == node.begin.line && node.end.column > node.begin.column;
  return {.begin = node.begin,
          .end = is_in_one_line ? node.end : SourceMark{node.begin.line, node.begin.column + 1},
          .missing = {}};
}

}  // namespace

ManifestPlace FindPlace(const ManifestDocument& document, NodeId object, std::string_view pointer) {
  ManifestPlace place = PlaceOfElement(document, object);
  NodeId node = object;
  while (!pointer.empty()) {
    const std::string_view token = pointer.substr(1, pointer.find('/', 1) - 1);
    if (document.KindOf(node) == NodeKind::kSequence) {
      std::size_t index = 0;
      if (!absl::SimpleAtoi(ToAbsl(token), &index)) break;
      const NodeId element = document.ElementAt(node, index);
      if (element == kNoNode) break;
      node = element;
      place = PlaceOfElement(document, node);
    } else {
      const ManifestDocument::Member member = document.Find(node, UnescapePointerToken(token));
      if (member.key == kNoNode) break;
      node = member.value;
      place = PlaceOfMember(document, member);
    }
    pointer.remove_prefix(1 + token.size());
  }
  place.missing = pointer;
  return place;
}

}  // namespace tidewaiter
