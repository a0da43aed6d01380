// SPDX-License-Identifier: Apache-2.0
//
// JSON's grammar (RFC 8259), with the place of every value, which simdjson does not tell. Only for manifests, which are
// read once; reviews go through kube/json.h. Tested by tests/manifest/manifest_reader_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "webhook/manifest/manifest_builder.h"

namespace tidewaiter {

class JsonReader {
 public:
  // `text` must outlive the reader.
  explicit JsonReader(std::string_view text) : text_(text) {}

  // Skips blanks; whether anything is left.
  bool SkipBlanks();
  // The next character, which SkipBlanks said is there, and its offset.
  char Peek() const { return text_[offset_]; }
  std::size_t offset() const { return offset_; }
  SourceMark Mark();

  // Reads one value, the next in the text, into `builder`. What is wrong with its grammar comes back.
  std::optional<ManifestProblem> Read(ManifestBuilder& builder);

 private:
  std::optional<ManifestProblem> Refuse(std::string_view what);
  std::optional<ManifestProblem> ReadScalar(ManifestBuilder& builder);
  std::optional<ManifestProblem> ReadString(std::string& string);
  bool ReadEscape(std::string& string);
  bool ReadNumber();
  bool Skip(std::string_view word);

  const std::string_view text_;
  std::size_t offset_ = 0;
  // The place of a character not behind offset_, from which the next one is counted.
  std::size_t marked_offset_ = 0;
  SourceMark marked_ = {.line = 1, .column = 1};
};

}  // namespace tidewaiter
