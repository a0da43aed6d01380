// SPDX-License-Identifier: Apache-2.0
//
// Changes values in the text of a manifest as a person would: comments, order, quoting and indentation of everything
// else stay byte by byte, and what is new is written in the style of what is around it. That the result reads as it
// should is for the caller to check, who can read it again. Tested by tests/manifest/manifest_editor_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "webhook/manifest/json_changes.h"
#include "webhook/manifest/manifest_document.h"
#include "webhook/manifest/manifest_writer.h"
#include "webhook/manifest/text_edits.h"
#include "webhook/manifest/text_lines.h"

namespace tidewaiter {

class ManifestEditor {
 public:
  // `lines` are those of the text that `document` was read from; both must outlive the editor.
  ManifestEditor(const TextLines& lines, const ManifestDocument& document);

  // How the text has to change for that change of the object at `object`. Plans of several changes, also of other
  // objects, can be made together. InvalidArgument, with the reason, where it cannot be written: what an alias or a
  // merge key shares with other places, or a style that nobody could extend.
  absl::StatusOr<std::vector<TextEdit>> Plan(NodeId object, const JsonChange& change) const;

 private:
  // The nodes from the object down to one, all written where they stand.
  using Path = std::vector<NodeId>;
  using Edits = absl::StatusOr<std::vector<TextEdit>>;

  absl::StatusOr<Path> Walk(NodeId object, std::string_view pointer) const;
  absl::StatusOr<ManifestDocument::Member> FindOwn(NodeId collection, std::string_view token) const;
  absl::Status CheckOwn(NodeId node) const;

  Edits AddMember(const Path& path, std::string_view key, const nlohmann::ordered_json& value) const;
  Edits AddElement(const Path& path, const nlohmann::ordered_json& value) const;
  Edits AddToFlow(const Path& path, std::string_view text) const;
  Edits Replace(const Path& parent, const ManifestDocument::Member& member, const nlohmann::ordered_json& value) const;
  std::vector<TextEdit> FillBelow(const Path& parent, const ManifestDocument::Member& member,
                                  const nlohmann::ordered_json& value) const;
  Edits RemoveElement(const Path& path, NodeId element) const;
  TextEdit InsertLines(std::uint32_t line, std::size_t indent, const std::vector<std::string>& new_lines,
                       std::size_t depth) const;

  BlockStyle BlockStyleNear(const Path& path) const;
  FlowStyle FlowStyleNear(const Path& path) const;
  bool IsFirstOnLine(NodeId node) const;
  // What stands before the first character of the line that is no blank.
  std::string_view IndentOfLine(std::uint32_t line) const;
  // Where the dashes of a block sequence stand, counted from 0.
  absl::StatusOr<std::size_t> DashColumn(NodeId sequence) const;
  std::size_t KeyColumn(NodeId mapping) const;
  // The last line that belongs to the node, comments within it too: those that stand deeper than `column`.
  std::uint32_t LastLineOf(NodeId node, std::size_t column) const;
  bool IsBlock(NodeId node) const;

  const TextLines& lines_;
  const ManifestDocument& document_;
  std::unordered_map<NodeId, NodeId> aliases_;  // what is aliased, and one of its aliases
};

}  // namespace tidewaiter
