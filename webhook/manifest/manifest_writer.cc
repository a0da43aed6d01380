// SPDX-License-Identifier: Apache-2.0
//
// A JSON string is a YAML double-quoted scalar (YAML 1.2.2 section 1.2), so whatever is not plainly plain becomes one.
#include "webhook/manifest/manifest_writer.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "webhook/kube/json_text.h"
#include "webhook/kube/text.h"
#include "webhook/manifest/yaml_scalar.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::ordered_json;

// Whether the text without quotes is that string for every reader of YAML, 1.1 and 1.2, also between brackets.
bool IsPlain(std::string_view text) {
  constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  const auto is_inner = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' || c == '/';
  };
  if (text.empty() || text.front() == '-' || text.front() == '.') return false;
  if (!std::all_of(text.begin(), text.end(), is_inner)) return false;
  const std::string lower = absl::AsciiStrToLower(std::string(text));
  if (std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords)) return false;
  if (lower.starts_with("0o")) return false;  // YAML 1.2's octal
  const absl::StatusOr<YamlScalar> read = ResolveScalar("", text, true);
  return read.ok() && read->kind == NodeKind::kString;
}

std::string WriteString(std::string_view text, bool is_json) {
  return !is_json && IsPlain(text) ? std::string(text) : JsonText(text);
}

std::string WriteScalar(const Json& value, bool is_json) {
  return value.is_string() ? WriteString(value.get_ref<const std::string&>(), is_json) : value.dump();
}

bool IsBlock(const Json& value) { return value.is_structured() && !value.empty(); }

void AppendIndented(const std::vector<std::string>& from, std::size_t indent, std::vector<std::string>& to) {
  for (const std::string& line : from) to.push_back(std::string(indent, ' ') + line);
}

}  // namespace

std::vector<std::string> WriteBlockMember(std::string_view key, const Json& value, const BlockStyle& style) {
  std::vector<std::string> lines = {WriteString(key, false) + ":"};
  if (!IsBlock(value)) {
    lines[0] += " " + WriteScalar(value, false);
  } else {
    AppendIndented(WriteBlock(value, style), value.is_array() ? style.list : style.mapping, lines);
  }
  return lines;
}

std::vector<std::string> WriteBlockElement(const Json& value, const BlockStyle& style) {
  std::vector<std::string> lines;
  AppendIndented(IsBlock(value) ? WriteBlock(value, style) : std::vector<std::string>{WriteScalar(value, false)},
                 style.item, lines);
  lines[0][0] = '-';
  return lines;
}

std::vector<std::string> WriteBlock(const Json& value, const BlockStyle& style) {
  std::vector<std::string> lines;
  for (const auto& [key, item] : value.items()) {
    std::vector<std::string> more =
        value.is_array() ? WriteBlockElement(item, style) : WriteBlockMember(key, item, style);
    std::move(more.begin(), more.end(), std::back_inserter(lines));
  }
  return lines;
}

std::string WriteFlowMember(std::string_view key, const Json& value, const FlowStyle& style, std::string_view indent) {
  return StrCat(WriteString(key, style.is_json), style.is_spaced || !style.is_json ? ": " : ":",
                WriteFlow(value, style, indent));
}

std::string WriteFlow(const Json& value, const FlowStyle& style, std::string_view indent) {
  if (!IsBlock(value)) return WriteScalar(value, style.is_json);
  const std::string inner = StrCat(indent, style.unit);
  const std::string line_break = style.is_spread ? StrCat(style.line_break, inner) : "";
  const std::string comma = style.is_spread ? "," : style.is_spaced ? ", " : ",";
  std::string text;
  for (const auto& [key, item] : value.items()) {
    StrAppend(&text, text.empty() ? "" : comma, line_break);
    text += value.is_array() ? WriteFlow(item, style, inner) : WriteFlowMember(key, item, style, inner);
  }
  if (style.is_spread) StrAppend(&text, style.line_break, indent);
  return value.is_array() ? StrCat("[", text, "]") : StrCat("{", text, "}");
}

}  // namespace tidewaiter
