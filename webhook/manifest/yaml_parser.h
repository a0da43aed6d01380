// SPDX-License-Identifier: Apache-2.0
//
// YAML's grammar as a stream of events: libyaml behind a few words, so that yaml_parser.cc is the only file that knows
// it. The same grammar as Kubernetes' own: go-yaml is libyaml in Go. Types are yaml_scalar.h's. Tested by
// tests/manifest/manifest_reader_test.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "webhook/manifest/manifest_document.h"

namespace tidewaiter {

// Something that is wrong with a text, and where.
struct ManifestProblem {
  SourceMark place;
  std::string message;
};

struct YamlEvent {
  enum class Type {
    kDocumentStart,
    kDocumentEnd,
    kAlias,
    kScalar,
    kSequenceStart,
    kMappingStart,
    kCollectionEnd,
    kStreamEnd
  };
  Type type = Type::kStreamEnd;
  SourceMark begin;
  SourceMark end;
  // Views: valid until the next call of Next.
  std::string_view text;    // of a scalar
  std::string_view tag;     // in full: "tag:yaml.org,2002:str"; "" for none
  std::string_view anchor;  // the name after & or *; "" for none
  NodeStyle style = NodeStyle::kPlain;
  bool is_plain = false;  // a scalar whose type its text tells
};

class YamlParser {
 public:
  // Reads UTF-8, or UTF-16 with a byte order mark. `text` must outlive the parser; `lines_before` is added to every
  // line.
  explicit YamlParser(std::string_view text, std::uint32_t lines_before = 0);
  ~YamlParser();
  YamlParser(const YamlParser&) = delete;
  YamlParser& operator=(const YamlParser&) = delete;

  // The next event, or what is wrong; after that, and after kStreamEnd, it must not be called again.
  std::optional<ManifestProblem> Next(YamlEvent& event);

 private:
  struct Machine;
  ManifestProblem Describe() const;
  SourceMark MarkAt(std::size_t offset) const;

  const std::string_view text_;
  const std::uint32_t lines_before_;
  std::unique_ptr<Machine> machine_;
};

}  // namespace tidewaiter
