// SPDX-License-Identifier: Apache-2.0
//
// What begins with `{` is tried as JSON first, as Kubernetes' own decoder does (apimachinery util/yaml,
// YAMLOrJSONDecoder).
#include "webhook/manifest/manifest_reader.h"

#include <utility>

namespace tidewaiter {
namespace {

// A text with more is not worth more lines.
constexpr int kMostProblems = 100;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view WithoutByteOrderMark(std::string_view text) {
  return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
}

bool IsSeparator(std::string_view line) {
  return line.starts_with("---") &&
         (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r' || line[3] == '\n');
}

}  // namespace

ManifestReader::ManifestReader(std::string_view text, bool is_json)
    : text_(WithoutByteOrderMark(text)), is_json_(is_json), json_(text_) {}

ManifestReader::Step ManifestReader::Fail(ManifestProblem problem) {
  problem_ = std::move(problem);
  if (++problems_ >= kMostProblems) {
    yaml_.reset();
    may_be_json_ = false;
  }
  return Step::kProblem;
}

ManifestReader::Step ManifestReader::Next() {
  if (may_be_json_) {
    if (const std::optional<Step> step = NextJson(); step.has_value()) return *step;
  }
  return yaml_ == nullptr ? Step::kEnd : NextYaml();
}

// nullopt when what is left is to be read as YAML.
std::optional<ManifestReader::Step> ManifestReader::NextJson() {
  if (!json_.SkipBlanks()) {
    may_be_json_ = false;
    return Step::kEnd;
  }
  const std::size_t begin = json_.offset();
  const std::uint32_t line = json_.Mark().line;
  if (json_.Peek() == '{') {
    builder_.Start(document_);
    json_problem_ = json_.Read(builder_);
    if (!json_problem_.has_value()) {
      return builder_.problem().has_value() ? Fail(*builder_.problem()) : Step::kDocument;
    }
  }
  // From the beginning, so that the first line's indentation counts.
  const bool is_first = text_.substr(0, begin).find_first_not_of(" \t\r\n") == std::string_view::npos;
  StartYaml(is_first ? 0 : begin, is_first ? 0 : line - 1);
  may_be_json_ = false;
  return std::nullopt;
}

void ManifestReader::StartYaml(std::size_t offset, std::uint32_t lines_before) {
  yaml_offset_ = offset;
  yaml_lines_before_ = lines_before;
  yaml_ = std::make_unique<YamlParser>(text_.substr(offset), lines_before);
}

ManifestReader::Step ManifestReader::NextYaml() {
  YamlEvent event;
  while (true) {
    if (std::optional<ManifestProblem> problem = yaml_->Next(event); problem.has_value()) {
      GoOnBehind(*problem);
      if (is_json_ && json_problem_.has_value()) problem = std::exchange(json_problem_, std::nullopt);
      return Fail(*std::move(problem));
    }
    switch (event.type) {
      case YamlEvent::Type::kStreamEnd:
        yaml_.reset();
        return Step::kEnd;
      case YamlEvent::Type::kDocumentStart:
        builder_.Start(document_);
        break;
      case YamlEvent::Type::kDocumentEnd:
        json_problem_.reset();
        if (builder_.problem().has_value()) return Fail(*builder_.problem());
        if (!document_.is_empty()) return Step::kDocument;
        break;
      default:
        builder_.AddYaml(event);
        if (!builder_.is_beyond_bounds()) break;
        GoOnBehind(*builder_.problem());
        return Fail(*builder_.problem());
    }
  }
}

// The line of `---` behind the problem, where another document begins whatever was wrong before.
void ManifestReader::GoOnBehind(const ManifestProblem& problem) {
  std::size_t offset = yaml_offset_;
  std::uint32_t line = yaml_lines_before_ + 1;
  yaml_.reset();
  while (true) {
    const bool is_behind = line >= problem.place.line && offset > yaml_offset_;
    if (is_behind && IsSeparator(text_.substr(offset, 4))) return StartYaml(offset, line - 1);
    const std::size_t end = text_.find('\n', offset);
    if (end == std::string_view::npos) return;
    offset = end + 1;
    ++line;
  }
}

}  // namespace tidewaiter
