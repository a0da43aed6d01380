// SPDX-License-Identifier: Apache-2.0
//
// What ManifestEditor sees in the text around a change: columns, lines, and the style to write in.
#include <algorithm>

#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_editor.h"

namespace tidewaiter {
namespace {

// Whether a block scalar keeps the line breaks at its end: `|+`, `>2+`.
bool KeepsBreaks(std::string_view text, std::size_t begin) {
  const std::size_t header = text.find_first_of("|>", begin);
  if (header == std::string_view::npos) return false;
  const std::string_view indicators = text.substr(header, text.find_first_of(" \t\r\n#", header) - header);
  return indicators.find('+') != std::string_view::npos;
}

}  // namespace

bool ManifestEditor::IsBlock(NodeId id) const {
  const ManifestNode& node = document_.node(id);
  return node.style == NodeStyle::kBlock && node.first != kNoNode;
}

std::size_t ManifestEditor::KeyColumn(NodeId mapping) const {
  return document_.node(document_.node(mapping).first).begin.column - 1;
}

bool ManifestEditor::IsFirstOnLine(NodeId id) const {
  const SourceMark begin = document_.node(id).begin;
  return lines_.Line(begin.line).find_first_not_of(" \t") == lines_.OffsetOf(begin) - lines_.BeginOf(begin.line);
}

std::string_view ManifestEditor::IndentOfLine(std::uint32_t line) const {
  const std::string_view text = lines_.Line(line);
  return text.substr(0, text.find_first_not_of(" \t"));
}

absl::StatusOr<std::size_t> ManifestEditor::DashColumn(NodeId sequence) const {
  const ManifestNode& node = document_.node(sequence);
  const SourceMark first = document_.node(node.first).begin;
  const std::string_view before =
      lines_.text().substr(lines_.BeginOf(first.line), lines_.OffsetOf(first) - lines_.BeginOf(first.line));
  const std::size_t dash = before.find_last_not_of(' ');
  if (dash != std::string_view::npos && before[dash] == '-') return dash;
  // The first element begins on the line below its dash.
  if (lines_.text().substr(lines_.OffsetOf(node.begin), 1) == "-") return node.begin.column - 1;
  return InvalidArgument("its dashes are not where they should be");
}

std::uint32_t ManifestEditor::LastLineOf(NodeId id, std::size_t column) const {
  const ManifestNode* node = &document_.node(id);
  while (IsBlock(id)) {
    for (id = node->first; document_.node(id).next != kNoNode;) id = document_.node(id).next;
    node = &document_.node(id);
  }
  std::uint32_t line = node->end.line;
  const bool is_block_text = node->style == NodeStyle::kLiteral || node->style == NodeStyle::kFolded;
  if (is_block_text) {
    if (node->end.column == 1 && line > node->begin.line) --line;
    const bool keeps_breaks = KeepsBreaks(lines_.text(), lines_.OffsetOf(node->begin));
    while (!keeps_breaks && line > node->begin.line && lines_.IsBlank(line)) --line;
  }
  const auto is_deeper_comment = [&](std::uint32_t at) {
    return at <= lines_.count() && lines_.IndentOf(at) > column &&
           lines_.Line(at).substr(lines_.IndentOf(at), 1) == "#";
  };
  while (is_deeper_comment(line + 1)) ++line;
  return line;
}

// From the next collection around that shows it.
BlockStyle ManifestEditor::BlockStyleNear(const Path& path) const {
  BlockStyle style;
  bool has_mapping = false;
  bool has_list = false;
  const auto look_at_list = [&](NodeId list, std::size_t key_column) {
    const absl::StatusOr<std::size_t> dash = DashColumn(list);
    if (!dash.ok() || *dash < key_column) return;
    has_list = true;
    style.list = *dash - key_column;
    const ManifestNode& first = document_.node(document_.node(list).first);
    const SourceMark inner = first.kind == NodeKind::kMapping && first.style == NodeStyle::kBlock
                                 ? document_.node(first.first).begin
                                 : first.begin;
    if (inner.line == first.begin.line && inner.column - 1 >= *dash + 2) style.item = inner.column - 1 - *dash;
  };
  for (auto id = path.rbegin(); id != path.rend(); ++id) {
    if (!IsBlock(*id) || document_.node(*id).kind != NodeKind::kMapping) continue;
    const std::size_t column = KeyColumn(*id);
    document_.ForEachMember(*id, [&](const ManifestDocument::Member& member) {
      if (!IsBlock(member.value)) return;
      const bool is_mapping = document_.node(member.value).kind == NodeKind::kMapping;
      if (is_mapping && !has_mapping && KeyColumn(member.value) > column) {
        has_mapping = true;
        style.mapping = KeyColumn(member.value) - column;
      } else if (!is_mapping && !has_list) {
        look_at_list(member.value, column);
      }
    });
  }
  return style;
}

FlowStyle ManifestEditor::FlowStyleNear(const Path& path) const {
  FlowStyle style;
  const std::string_view text = lines_.text();
  for (auto id = path.rbegin(); id != path.rend(); ++id) {
    const ManifestNode& node = document_.node(*id);
    if (node.style != NodeStyle::kFlow || node.kind != NodeKind::kMapping || node.first == kNoNode) continue;
    const ManifestNode& key = document_.node(node.first);
    style.is_json = key.style == NodeStyle::kDoubleQuoted;
    const std::size_t colon = text.find(':', lines_.OffsetOf(key.end));
    style.is_spaced = !style.is_json || text.substr(colon + 1, 1).find_first_of(" \r\n") == 0;
    style.is_spread = style.is_json && key.begin.line != node.begin.line && IsFirstOnLine(node.first);
    if (style.is_spread) {
      const std::string_view inner = IndentOfLine(key.begin.line);
      const std::string_view outer = IndentOfLine(node.begin.line);
      style.unit = inner.size() > outer.size() ? std::string(inner.substr(outer.size())) : "  ";
    }
    style.line_break = lines_.BreakOf(node.begin.line);
    return style;
  }
  return style;
}

}  // namespace tidewaiter
