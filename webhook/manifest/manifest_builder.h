// SPDX-License-Identifier: Apache-2.0
//
// Builds a ManifestDocument from the events of whichever grammar, and refuses what Kubernetes would not read: keys
// given twice or that are no scalar, aliases of nothing, scalars that are not what their tag says. Tested by
// tests/manifest/manifest_reader_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "webhook/manifest/manifest_document.h"
#include "webhook/manifest/yaml_parser.h"

namespace tidewaiter {

// Bounds of one document. A list of all Pods of a large cluster has a few million values; a CustomResourceDefinition
// nests about 60 deep.
inline constexpr std::size_t kMaxManifestNodes = 8'000'000;
inline constexpr std::size_t kMaxManifestDepth = 1000;

class ManifestBuilder {
 public:
  // Forgets the document before; `document` gets the next one.
  void Start(ManifestDocument& document);

  // After the first problem the rest of the document is taken and dropped. Places come with the events.
  void AddYaml(const YamlEvent& event);
  // A scalar of JSON: `text` as in ManifestNode.
  void AddScalar(SourceMark begin, SourceMark end, NodeKind kind, NodeStyle style, std::string_view text);
  void StartCollection(SourceMark begin, NodeKind kind, NodeStyle style);
  void EndCollection(SourceMark end);

  const std::optional<ManifestProblem>& problem() const { return problem_; }
  // The problem is one of size: to read on would take long.
  bool is_beyond_bounds() const { return is_beyond_bounds_; }

 private:
  // An open collection.
  struct Frame {
    NodeId node = kNoNode;
    NodeId last = kNoNode;     // the node put in last
    bool wants_value = false;  // of a mapping: a key waits for it
  };

  bool IsKeyNext() const;
  void AddYamlScalar(const YamlEvent& event);
  void AddAlias(const YamlEvent& event);
  NodeId Add(ManifestNode node, std::string_view text);
  void Refuse(SourceMark place, std::string message);
  void CheckKeys(NodeId mapping);

  ManifestDocument* document_ = nullptr;
  std::vector<Frame> frames_;
  std::unordered_map<std::string, NodeId> anchors_;
  std::optional<ManifestProblem> problem_;
  bool is_beyond_bounds_ = false;
};

}  // namespace tidewaiter
