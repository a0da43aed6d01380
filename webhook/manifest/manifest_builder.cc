// SPDX-License-Identifier: Apache-2.0
//
// Events to nodes.
#include "webhook/manifest/manifest_builder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"
#include "webhook/manifest/yaml_scalar.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kMergeTag = "tag:yaml.org,2002:merge";
constexpr std::size_t kLongestName = 80;

std::string Named(std::string_view text) {
  return text.size() <= kLongestName ? Quoted(text) : StrCat(Quoted(text.substr(0, kLongestName)), "...");
}

}  // namespace

void ManifestBuilder::Start(ManifestDocument& document) {
  document_ = &document;
  document.nodes_.clear();
  document.text_.clear();
  frames_.clear();
  anchors_.clear();
  problem_.reset();
  is_beyond_bounds_ = false;
}

void ManifestBuilder::Refuse(SourceMark place, std::string message) {
  if (!problem_.has_value()) problem_ = {place, std::move(message)};
}

bool ManifestBuilder::IsKeyNext() const {
  return !frames_.empty() && !frames_.back().wants_value &&
         document_->nodes_[frames_.back().node].kind == NodeKind::kMapping;
}

NodeId ManifestBuilder::Add(ManifestNode node, std::string_view text) {
  if (document_->nodes_.size() >= kMaxManifestNodes) {
    is_beyond_bounds_ = true;
    Refuse(node.begin, StrCat("more than ", kMaxManifestNodes, " values in one document"));
    return kNoNode;
  }
  const NodeId id = static_cast<NodeId>(document_->nodes_.size());
  node.text_begin = static_cast<std::uint32_t>(document_->text_.size());
  node.text_size = static_cast<std::uint32_t>(text.size());
  document_->text_.append(text);
  document_->nodes_.push_back(node);
  if (frames_.empty()) return id;
  Frame& frame = frames_.back();
  ManifestNode& parent = document_->nodes_[frame.node];
  (frame.last == kNoNode ? parent.first : document_->nodes_[frame.last].next) = id;
  frame.last = id;
  if (parent.kind == NodeKind::kMapping) frame.wants_value = !frame.wants_value;
  return id;
}

void ManifestBuilder::AddScalar(SourceMark begin, SourceMark end, NodeKind kind, NodeStyle style,
                                std::string_view text) {
  if (problem_.has_value()) return;
  Add({.kind = kind, .style = style, .begin = begin, .end = end}, text);
}

void ManifestBuilder::StartCollection(SourceMark begin, NodeKind kind, NodeStyle style) {
  if (problem_.has_value()) return;
  if (IsKeyNext()) return Refuse(begin, "a key must be a plain word, not a list or a mapping");
  if (frames_.size() >= kMaxManifestDepth) {
    is_beyond_bounds_ = true;
    return Refuse(begin, StrCat("nested deeper than ", kMaxManifestDepth, " levels"));
  }
  const NodeId id = Add({.kind = kind, .style = style, .begin = begin, .end = begin}, "");
  if (id != kNoNode) frames_.push_back({.node = id});
}

void ManifestBuilder::EndCollection(SourceMark end) {
  if (problem_.has_value()) return;
  const NodeId id = frames_.back().node;
  frames_.pop_back();
  document_->nodes_[id].end = end;
  if (document_->nodes_[id].kind == NodeKind::kMapping) CheckKeys(id);
}

// Once all keys are there: sorted where there are many, so that a large mapping takes no quadratic time.
void ManifestBuilder::CheckKeys(NodeId mapping) {
  const auto refuse = [&](NodeId first, NodeId second) {
    if (first > second) std::swap(first, second);
    Refuse(document_->node(second).begin,
           StrCat("the key ", Named(document_->text(second)), " is given twice: at line ",
                  document_->node(first).begin.line, " as well"));
  };
  constexpr std::size_t kFew = 8;
  std::array<NodeId, kFew> few{};
  std::size_t count = 0;
  std::vector<NodeId> many;
  document_->ForEachMember(mapping, [&](const ManifestDocument::Member& member) {
    if (problem_.has_value() || document_->node(member.key).is_merge) return;
    if (count < kFew) {
      const auto same = std::find_if(few.begin(), few.begin() + count, [&](NodeId other) {
        return document_->text(other) == document_->text(member.key);
      });
      if (same != few.begin() + count) return refuse(*same, member.key);
      few[count] = member.key;
    } else {
      if (count == kFew) many.assign(few.begin(), few.end());
      many.push_back(member.key);
    }
    ++count;
  });
  std::sort(many.begin(), many.end(), [&](NodeId a, NodeId b) {
    const int order = document_->text(a).compare(document_->text(b));
    return order != 0 ? order < 0 : a < b;
  });
  for (std::size_t i = 1; i < many.size(); ++i) {
    if (document_->text(many[i - 1]) == document_->text(many[i])) return refuse(many[i - 1], many[i]);
  }
}

void ManifestBuilder::AddYamlScalar(const YamlEvent& event) {
  ManifestNode node = {.style = event.style, .begin = event.begin, .end = event.end};
  const auto remember = [&](NodeId id) {
    if (!event.anchor.empty() && id != kNoNode) anchors_[std::string(event.anchor)] = id;
  };
  if (IsKeyNext()) {
    node.is_merge = event.text == "<<" && (event.is_plain || event.tag == kMergeTag);
    node.kind = NodeKind::kString;
    // The key's own type is of no more use; most are words, which need no looking at.
    const bool is_word = event.tag.empty() && event.text.size() > 5 && event.text.front() >= 'a';
    // An alias of a key is one of its value, whose type it has: a node that is in no collection keeps it.
    const absl::StatusOr<YamlScalar> own = event.anchor.empty() ? absl::StatusOr<YamlScalar>(YamlScalar{})
                                                                : ResolveScalar(event.tag, event.text, event.is_plain);
    if (!event.anchor.empty() && own.ok()) {
      const NodeId id = static_cast<NodeId>(document_->nodes_.size());
      ManifestNode apart = node;
      apart.kind = own->kind;
      apart.text_begin = static_cast<std::uint32_t>(document_->text_.size());
      apart.text_size = static_cast<std::uint32_t>(own->text.size());
      document_->text_.append(own->text);
      document_->nodes_.push_back(apart);
      anchors_[std::string(event.anchor)] = id;
    }
    if (is_word || node.is_merge) {
      Add(node, event.text);
      return;
    }
    const absl::StatusOr<std::string> key = ResolveKey(event.tag, event.text, event.is_plain);
    if (!key.ok()) return Refuse(event.begin, std::string(MessageOf(key.status())));
    Add(node, *key);
    return;
  }
  const absl::StatusOr<YamlScalar> scalar = ResolveScalar(event.tag, event.text, event.is_plain);
  if (!scalar.ok()) return Refuse(event.begin, std::string(MessageOf(scalar.status())));
  node.kind = scalar->kind;
  remember(Add(node, scalar->text));
}

void ManifestBuilder::AddAlias(const YamlEvent& event) {
  const auto found = anchors_.find(std::string(event.anchor));
  if (found == anchors_.end()) {
    return Refuse(event.begin, StrCat("the alias *", event.anchor, " stands for nothing: no anchor &", event.anchor,
                                      " is before it"));
  }
  const NodeId target = found->second;
  ManifestNode node = {.kind = NodeKind::kAlias, .begin = event.begin, .end = event.end};
  if (!IsKeyNext()) {
    node.first = target;
    Add(node, "");
    return;
  }
  const NodeKind kind = document_->nodes_[target].kind;
  if (kind == NodeKind::kSequence || kind == NodeKind::kMapping || kind == NodeKind::kNull) {
    return Refuse(event.begin, StrCat("the alias *", event.anchor, " as a key must stand for a plain word"));
  }
  node.kind = NodeKind::kString;
  Add(node, std::string(document_->text(target)));
}

void ManifestBuilder::AddYaml(const YamlEvent& event) {
  if (problem_.has_value()) return;
  switch (event.type) {
    case YamlEvent::Type::kScalar:
      return AddYamlScalar(event);
    case YamlEvent::Type::kAlias:
      return AddAlias(event);
    case YamlEvent::Type::kSequenceStart:
    case YamlEvent::Type::kMappingStart: {
      const bool is_mapping = event.type == YamlEvent::Type::kMappingStart;
      const NodeId id = static_cast<NodeId>(document_->nodes_.size());
      StartCollection(event.begin, is_mapping ? NodeKind::kMapping : NodeKind::kSequence, event.style);
      if (!event.anchor.empty() && !problem_.has_value()) anchors_[std::string(event.anchor)] = id;
      return;
    }
    case YamlEvent::Type::kCollectionEnd:
      return EndCollection(event.end);
    default:
      return;
  }
}

}  // namespace tidewaiter
