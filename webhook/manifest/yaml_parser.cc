// SPDX-License-Identifier: Apache-2.0
//
// libyaml's events, and its errors with a word on what to do. The only file that includes libyaml.
#include "webhook/manifest/yaml_parser.h"

#include <yaml.h>

#include <algorithm>

#include "webhook/kube/text.h"

namespace tidewaiter {

struct YamlParser::Machine {
  yaml_parser_t parser{};
  yaml_event_t event{};
  bool is_ready = false;

  Machine() { is_ready = yaml_parser_initialize(&parser) != 0; }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine() {
    yaml_event_delete(&event);
    if (is_ready) yaml_parser_delete(&parser);
  }
};

namespace {

std::string_view ViewOf(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

NodeStyle StyleOf(yaml_scalar_style_t style) {
  switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
      return NodeStyle::kSingleQuoted;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
      return NodeStyle::kDoubleQuoted;
    case YAML_LITERAL_SCALAR_STYLE:
      return NodeStyle::kLiteral;
    case YAML_FOLDED_SCALAR_STYLE:
      return NodeStyle::kFolded;
    default:
      return NodeStyle::kPlain;
  }
}

// The rest of the text from that place on.
std::string_view TextAt(std::string_view text, SourceMark place) {
  for (std::uint32_t line = 1; line < place.line; ++line) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (text.empty()) return text;
  }
  for (std::uint32_t column = 1; column < place.column && !text.empty(); ++column) {
    do text.remove_prefix(1);
    while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0) == 0x80);
  }
  return text;
}

std::string_view Advice(std::string_view problem, std::string_view rest) {
  if (problem == "found character that cannot start any token" && !rest.empty()) {
    if (rest.front() == '\t') return "a tab stands here, and YAML indents by spaces only";
    if (rest.front() == '@' || rest.front() == '`' || rest.front() == '%') {
      return "a value that begins with this character must be quoted";
    }
  }
  if (problem == "mapping values are not allowed in this context") {
    return "is the indentation right, and is a text that holds \": \" quoted?";
  }
  return {};
}

}  // namespace

YamlParser::YamlParser(std::string_view text, std::uint32_t lines_before)
    : text_(text), lines_before_(lines_before), machine_(std::make_unique<Machine>()) {
  if (!machine_->is_ready) return;
  yaml_parser_set_input_string(&machine_->parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

YamlParser::~YamlParser() = default;

std::optional<ManifestProblem> YamlParser::Next(YamlEvent& event) {
  const auto mark = [&](const yaml_mark_t& place) {
    return SourceMark{static_cast<std::uint32_t>(place.line) + 1 + lines_before_,
                      static_cast<std::uint32_t>(place.column) + 1};
  };
  yaml_event_t& raw = machine_->event;
  do {
    yaml_event_delete(&raw);
    if (!machine_->is_ready || yaml_parser_parse(&machine_->parser, &raw) == 0) return Describe();
  } while (raw.type == YAML_STREAM_START_EVENT);
  event = {.type = YamlEvent::Type::kStreamEnd,
           .begin = mark(raw.start_mark),
           .end = mark(raw.end_mark),
           .text = {},
           .tag = {},
           .anchor = {}};
  switch (raw.type) {
    case YAML_DOCUMENT_START_EVENT:
      event.type = YamlEvent::Type::kDocumentStart;
      break;
    case YAML_DOCUMENT_END_EVENT:
      event.type = YamlEvent::Type::kDocumentEnd;
      break;
    case YAML_ALIAS_EVENT:
      event.type = YamlEvent::Type::kAlias;
      event.anchor = ViewOf(raw.data.alias.anchor);
      break;
    case YAML_SCALAR_EVENT:
      event.type = YamlEvent::Type::kScalar;
      event.anchor = ViewOf(raw.data.scalar.anchor);
      event.tag = ViewOf(raw.data.scalar.tag);
      event.text = {reinterpret_cast<const char*>(raw.data.scalar.value), raw.data.scalar.length};
      event.style = StyleOf(raw.data.scalar.style);
      event.is_plain = raw.data.scalar.plain_implicit != 0;
      break;
    case YAML_SEQUENCE_START_EVENT:
      event.type = YamlEvent::Type::kSequenceStart;
      event.anchor = ViewOf(raw.data.sequence_start.anchor);
      event.style = raw.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE ? NodeStyle::kFlow : NodeStyle::kBlock;
      break;
    case YAML_MAPPING_START_EVENT:
      event.type = YamlEvent::Type::kMappingStart;
      event.anchor = ViewOf(raw.data.mapping_start.anchor);
      event.style = raw.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE ? NodeStyle::kFlow : NodeStyle::kBlock;
      break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      event.type = YamlEvent::Type::kCollectionEnd;
      break;
    default:
      break;
  }
  return std::nullopt;
}

// libyaml's reader counts bytes, not lines.
SourceMark YamlParser::MarkAt(std::size_t offset) const {
  const std::string_view before = text_.substr(0, std::min(offset, text_.size()));
  const std::string_view line = before.substr(before.rfind('\n') + 1);
  return {static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n')) + 1 + lines_before_,
          static_cast<std::uint32_t>(
              std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<signed char>(c)) >= -64; })) +
              1};
}

ManifestProblem YamlParser::Describe() const {
  const yaml_parser_t& parser = machine_->parser;
  const std::string_view problem = parser.problem == nullptr ? "no memory to read it" : parser.problem;
  if (parser.error == YAML_READER_ERROR) {
    const bool is_binary = problem == "control characters are not allowed";
    return {MarkAt(parser.problem_offset),
            StrCat("not text: ", is_binary ? "a control character stands here" : problem)};
  }
  const bool has_mark = parser.error == YAML_SCANNER_ERROR || parser.error == YAML_PARSER_ERROR;
  if (!has_mark) return {{.line = 1 + lines_before_, .column = 1}, std::string(problem)};
  const SourceMark inner = {static_cast<std::uint32_t>(parser.problem_mark.line) + 1,
                            static_cast<std::uint32_t>(parser.problem_mark.column) + 1};
  std::string message = StrCat("not YAML: ", problem);
  if (parser.context != nullptr) {
    StrAppend(&message, " ", parser.context, " that begins at line ", parser.context_mark.line + 1 + lines_before_);
  }
  const std::string_view advice = Advice(problem, TextAt(text_, inner));
  if (!advice.empty()) StrAppend(&message, ": ", advice);
  return {{.line = inner.line + lines_before_, .column = inner.column}, std::move(message)};
}

}  // namespace tidewaiter
