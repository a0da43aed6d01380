// SPDX-License-Identifier: Apache-2.0
//
// One document of a manifest as a compact tree: every node with its type as Kubernetes sees it, how it was written, and
// where. Knows neither YAML's grammar nor JSON's (manifest_reader.h makes it) nor what a Deployment is. Tested by
// tests/manifest/manifest_reader_test.cc.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"

namespace tidewaiter {

// A place in a text: line and column counted from 1, columns in characters; 0:0 where there is none.
struct SourceMark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool operator==(const SourceMark&) const = default;
};

enum class NodeKind : std::uint8_t { kNull, kBoolean, kInteger, kFloat, kString, kSequence, kMapping, kAlias };

// How it was written. A collection is kBlock or kFlow, whatever else is a scalar.
enum class NodeStyle : std::uint8_t { kPlain, kSingleQuoted, kDoubleQuoted, kLiteral, kFolded, kBlock, kFlow };

// The number of a node in its document.
using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = std::numeric_limits<NodeId>::max();

// 36 bytes: a document of a megabyte has about a hundred thousand.
struct ManifestNode {
  NodeKind kind = NodeKind::kNull;
  NodeStyle style = NodeStyle::kPlain;
  bool is_merge = false;  // the key `<<`, whose value's members are this mapping's as well
  SourceMark begin;
  // Behind its last character. Of a block collection: somewhere before the next token.
  SourceMark end;
  // A scalar's text in the document: a string without quotes, anything else as JSON writes it. Of a key: as the string
  // that it becomes.
  std::uint32_t text_begin = 0;
  std::uint32_t text_size = 0;
  NodeId next = kNoNode;   // the node behind it in the same collection; in a mapping key and value take turns
  NodeId first = kNoNode;  // of a collection the first node in it, of an alias the node that it stands for
};

class ManifestDocument {
 public:
  struct Member {
    NodeId key = kNoNode;
    NodeId value = kNoNode;
  };

  // The first node; there is one in every document.
  NodeId root() const { return 0; }
  bool is_empty() const { return nodes_.empty() || nodes_[0].kind == NodeKind::kNull; }
  std::size_t size() const { return nodes_.size(); }
  const ManifestNode& node(NodeId id) const { return nodes_[id]; }
  std::string_view text(NodeId id) const {
    return std::string_view(text_).substr(nodes_[id].text_begin, nodes_[id].text_size);
  }

  // The node itself, or what it stands for when it is an alias.
  NodeId Resolve(NodeId id) const { return nodes_[id].kind == NodeKind::kAlias ? nodes_[id].first : id; }
  // kind of the node, or of what it stands for.
  NodeKind KindOf(NodeId id) const { return nodes_[Resolve(id)].kind; }
  // The text of a string; "" for anything else.
  std::string_view StringOf(NodeId id) const { return KindOf(id) == NodeKind::kString ? text(Resolve(id)) : ""; }

  // The member of that name in a mapping or an alias of one, its merge keys followed; without key and value when there
  // is none. Where several give the name, the last one counts, a merge key at the place where it stands.
  Member Find(NodeId mapping, std::string_view key) const { return FindBelow(mapping, key, 0); }
  // The value of that member, or kNoNode.
  NodeId FindValue(NodeId mapping, std::string_view key) const { return Find(mapping, key).value; }
  // The element of a sequence or an alias of one, or kNoNode.
  NodeId ElementAt(NodeId sequence, std::size_t index) const;

  // The members of a mapping as they were written, and the elements of a sequence.
  void ForEachMember(NodeId mapping, absl::FunctionRef<void(const Member&)> visit) const;
  void ForEachElement(NodeId sequence, absl::FunctionRef<void(NodeId)> visit) const;

 private:
  friend class ManifestBuilder;
  Member FindBelow(NodeId mapping, std::string_view key, int merges) const;

  std::vector<ManifestNode> nodes_;
  std::string text_;
};

}  // namespace tidewaiter
