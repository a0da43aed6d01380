// SPDX-License-Identifier: Apache-2.0
//
// Block style grows by lines, flow style within its brackets.
#include "webhook/manifest/manifest_editor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::ordered_json;
using Member = ManifestDocument::Member;

bool IsEmptyText(const ManifestNode& node) { return node.kind == NodeKind::kNull && node.begin == node.end; }

bool IsFilledCollection(const ManifestNode& node) {
  return (node.kind == NodeKind::kMapping || node.kind == NodeKind::kSequence) && node.first != kNoNode;
}

bool IsBlockText(const ManifestNode& node) {
  return node.style == NodeStyle::kLiteral || node.style == NodeStyle::kFolded;
}

NodeId LastChild(const ManifestDocument& document, NodeId collection) {
  NodeId last = document.node(collection).first;
  while (last != kNoNode && document.node(last).next != kNoNode) last = document.node(last).next;
  return last;
}

}  // namespace

ManifestEditor::ManifestEditor(const TextLines& lines, const ManifestDocument& document)
    : lines_(lines), document_(document) {
  for (NodeId id = 0; id < document.size(); ++id) {
    if (document.node(id).kind == NodeKind::kAlias) aliases_.emplace(document.node(id).first, id);
  }
}

absl::Status ManifestEditor::CheckOwn(NodeId id) const {
  const ManifestNode& node = document_.node(id);
  if (node.kind == NodeKind::kAlias) {
    return InvalidArgument(StrCat("line ", node.begin.line, " has an alias of what line ",
                                  document_.node(node.first).begin.line, " holds, which is in use there as well"));
  }
  if (const auto alias = aliases_.find(id); alias != aliases_.end()) {
    return InvalidArgument(StrCat("the alias at line ", document_.node(alias->second).begin.line,
                                  " would bring the change there as well"));
  }
  return absl::OkStatus();
}

// The member or element of that name, if it is written in the collection itself.
absl::StatusOr<Member> ManifestEditor::FindOwn(NodeId collection, std::string_view token) const {
  const ManifestNode& node = document_.node(collection);
  if (node.kind == NodeKind::kSequence) {
    std::size_t index = 0;
    const NodeId element = absl::SimpleAtoi(ToAbsl(token), &index) ? document_.ElementAt(collection, index) : kNoNode;
    if (element != kNoNode) return Member{.key = kNoNode, .value = element};
  }
  if (node.kind == NodeKind::kMapping) {
    const std::string key = UnescapePointerToken(token);
    Member own;
    document_.ForEachMember(collection, [&](const Member& member) {
      if (!document_.node(member.key).is_merge && document_.text(member.key) == key) own = member;
    });
    const Member found = document_.Find(collection, key);
    if (own.key != kNoNode && own.key == found.key) return own;
    if (found.key != kNoNode) {
      return InvalidArgument(StrCat("a merge key (<<) brings it from line ", document_.node(found.key).begin.line,
                                    ", which is in use there as well"));
    }
  }
  return InvalidArgument("what it belongs to is not there");
}

absl::StatusOr<ManifestEditor::Path> ManifestEditor::Walk(NodeId object, std::string_view pointer) const {
  Path path = {object};
  while (true) {
    if (absl::Status status = CheckOwn(path.back()); !status.ok()) return status;
    if (pointer.empty()) return path;
    const std::string_view token = pointer.substr(1, pointer.find('/', 1) - 1);
    pointer.remove_prefix(1 + token.size());
    const absl::StatusOr<Member> member = FindOwn(path.back(), token);
    if (!member.ok()) return member.status();
    path.push_back(member->value);
  }
}

absl::StatusOr<std::vector<TextEdit>> ManifestEditor::Plan(NodeId object, const JsonChange& change) const {
  using Kind = JsonChange::Kind;
  const std::string_view pointer = change.pointer;
  if (change.kind == Kind::kAppend) {
    const absl::StatusOr<Path> list = Walk(object, pointer);
    return list.ok() ? AddElement(*list, change.value) : list.status();
  }
  const std::size_t slash = pointer.rfind('/');
  if (slash == std::string_view::npos) return InvalidArgument("it is the whole object");
  const absl::StatusOr<Path> parent = Walk(object, pointer.substr(0, slash));
  if (!parent.ok()) return parent.status();
  const std::string_view token = pointer.substr(slash + 1);
  if (change.kind == Kind::kAdd) return AddMember(*parent, UnescapePointerToken(token), change.value);
  const absl::StatusOr<Member> member = FindOwn(parent->back(), token);
  if (!member.ok()) return member.status();
  if (change.kind == Kind::kRemove) return RemoveElement(*parent, member->value);
  return Replace(*parent, *member, change.value);
}

TextEdit ManifestEditor::InsertLines(std::uint32_t line, std::size_t indent, const std::vector<std::string>& new_lines,
                                     std::size_t depth) const {
  const std::string_view line_break = lines_.BreakOf(line);
  const std::size_t offset = lines_.EndOf(line);
  const bool has_break = offset > 0 && lines_.text()[offset - 1] == '\n';
  std::string text;
  for (const std::string& new_line : new_lines) {
    // A text whose last line has no end gets none.
    StrAppend(&text, has_break ? "" : line_break, std::string(indent, ' '), new_line, has_break ? line_break : "");
  }
  return {.offset = offset, .removed = 0, .text = std::move(text), .depth = depth};
}

absl::StatusOr<std::vector<TextEdit>> ManifestEditor::AddMember(const Path& path, std::string_view key,
                                                                const Json& value) const {
  const NodeId mapping = path.back();
  if (!IsBlock(mapping)) {
    FlowStyle style = FlowStyleNear(path);
    const NodeId first = document_.node(mapping).first;
    const std::string_view indent =
        IsFirstOnLine(first) ? IndentOfLine(document_.node(first).begin.line) : std::string_view();
    return AddToFlow(path, WriteFlowMember(key, value, style, indent));
  }
  const std::size_t column = KeyColumn(mapping);
  return std::vector<TextEdit>{InsertLines(LastLineOf(mapping, column), column,
                                           WriteBlockMember(key, value, BlockStyleNear(path)), path.size())};
}

absl::StatusOr<std::vector<TextEdit>> ManifestEditor::AddElement(const Path& path, const Json& value) const {
  const NodeId sequence = path.back();
  const ManifestNode& node = document_.node(sequence);
  if (!IsBlock(sequence)) {
    const std::string_view indent =
        IsFirstOnLine(node.first) ? IndentOfLine(document_.node(node.first).begin.line) : std::string_view();
    return AddToFlow(path, WriteFlow(value, FlowStyleNear(path), indent));
  }
  const absl::StatusOr<std::size_t> column = DashColumn(sequence);
  if (!column.ok()) return column.status();
  const ManifestNode& last = document_.node(LastChild(document_, sequence));
  std::vector<std::string> new_lines;
  if (value.is_structured() && last.style == NodeStyle::kFlow && last.begin.line == last.end.line) {
    new_lines = {"- " + WriteFlow(value, FlowStyleNear(path), "")};
  } else {
    new_lines = WriteBlockElement(value, BlockStyleNear(path));
  }
  return std::vector<TextEdit>{InsertLines(LastLineOf(sequence, *column), *column, new_lines, path.size())};
}

// Behind the last one of a collection that is not empty.
absl::StatusOr<std::vector<TextEdit>> ManifestEditor::AddToFlow(const Path& path, std::string_view text) const {
  const ManifestNode& node = document_.node(path.back());
  const std::size_t end = lines_.OffsetOf(node.end);
  const std::string_view all = lines_.text();
  if (node.first == kNoNode || end == 0 || end > all.size() || (all[end - 1] != '}' && all[end - 1] != ']')) {
    return InvalidArgument("its brackets are not where they should be");
  }
  const std::size_t behind = lines_.OffsetOf(document_.node(LastChild(document_, path.back())).end);
  const std::string_view tail = all.substr(behind, end - 1 - behind);
  const FlowStyle style = FlowStyleNear(path);
  const bool has_own_line = IsFirstOnLine(node.first) && document_.node(node.first).begin.line != node.begin.line;
  const std::uint32_t line = document_.node(node.first).begin.line;
  const std::string separator = has_own_line      ? StrCat(",", lines_.BreakOf(line), IndentOfLine(line))
                                : style.is_spaced ? ", "
                                                  : ",";
  // A comment belongs to what stands before it.
  if (tail.substr(0, tail.find('\n')).find('#') == std::string_view::npos) {
    return std::vector<TextEdit>{{.offset = behind, .removed = 0, .text = StrCat(separator, text)}};
  }
  if (node.kind == NodeKind::kSequence) return InvalidArgument("a comment stands behind the last element of the list");
  const std::size_t begin = lines_.OffsetOf(document_.node(node.first).begin);
  return std::vector<TextEdit>{{.offset = begin, .removed = 0, .text = StrCat(text, separator)}};
}

absl::StatusOr<std::vector<TextEdit>> ManifestEditor::Replace(const Path& parent, const Member& member,
                                                              const Json& value) const {
  const ManifestNode& old = document_.node(member.value);
  if (absl::Status status = CheckOwn(member.value); !status.ok()) return status;
  if (IsFilledCollection(old)) return InvalidArgument("another kind of value stands there");
  if (IsBlockText(old)) return InvalidArgument("a text of several lines stands there");
  const bool is_filled = value.is_structured() && !value.empty();
  if (is_filled && IsBlock(parent.back()) && member.key != kNoNode) {
    const std::uint32_t line = document_.node(member.key).begin.line;
    if (old.begin.line == line && old.end.line == line) return FillBelow(parent, member, value);
  }
  std::string text;
  if (value.is_string() && old.style == NodeStyle::kDoubleQuoted) {
    text = value.dump();
  } else {
    const bool is_first = member.key != kNoNode && IsFirstOnLine(member.key);
    FlowStyle style = FlowStyleNear(parent);
    style.is_spread = style.is_spread && is_first;
    text = WriteFlow(value, style, is_first ? IndentOfLine(document_.node(member.key).begin.line) : std::string_view());
  }
  const std::size_t begin = lines_.OffsetOf(old.begin);
  if (IsEmptyText(old)) {
    const char before = begin == 0 ? '\0' : lines_.text()[begin - 1];
    if (before != ':' && before != '-') return InvalidArgument("its key stands alone");
    text.insert(0, " ");
  }
  return std::vector<TextEdit>{{.offset = begin, .removed = lines_.OffsetOf(old.end) - begin, .text = std::move(text)}};
}

// `key:`, `key: null` and `key: {}` get what is to be there on lines of its own.
std::vector<TextEdit> ManifestEditor::FillBelow(const Path& parent, const Member& member, const Json& value) const {
  const ManifestNode& key = document_.node(member.key);
  const ManifestNode& old = document_.node(member.value);
  const BlockStyle style = BlockStyleNear(parent);
  std::vector<TextEdit> edits;
  if (!IsEmptyText(old)) {
    std::size_t begin = lines_.OffsetOf(old.begin);
    const std::size_t end = lines_.OffsetOf(old.end);
    while (begin > 0 && lines_.text()[begin - 1] == ' ') --begin;
    edits.push_back({.offset = begin, .removed = end - begin, .text = ""});
  }
  edits.push_back(InsertLines(key.begin.line,
                              KeyColumn(parent.back()) + (value.is_array() ? style.list : style.mapping),
                              WriteBlock(value, style), parent.size() + 1));
  return edits;
}

absl::StatusOr<std::vector<TextEdit>> ManifestEditor::RemoveElement(const Path& path, NodeId element) const {
  const NodeId list = path.back();
  const ManifestNode& node = document_.node(list);
  if (node.kind != NodeKind::kSequence || !IsBlock(list) || document_.node(node.first).next == kNoNode) {
    return InvalidArgument("it cannot be taken out of what is around it");
  }
  const absl::StatusOr<std::size_t> column = DashColumn(list);
  if (!column.ok()) return column.status();
  const std::uint32_t line = document_.node(element).begin.line;
  if (lines_.IndentOf(line) != *column || lines_.Line(line).substr(*column, 1) != "-") {
    return InvalidArgument("something else stands on its line");
  }
  const std::size_t begin = lines_.BeginOf(line);
  const std::size_t end = lines_.EndOf(LastLineOf(element, *column));
  return std::vector<TextEdit>{{.offset = begin, .removed = end - begin, .text = ""}};
}

}  // namespace tidewaiter
