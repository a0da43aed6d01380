// SPDX-License-Identifier: Apache-2.0
//
// One node of a document of ours (policy, settings), with the place it was written at, so that every error can name
// file, line, column and key. Knows neither YAML nor JSON: the policy loader builds it. Tested by
// tests/policy/document_test.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace tidewaiter {

struct DocumentEntry;

struct DocumentNode {
  // How the scalar was written decides its type: `true` is a boolean, `"true"` a string (YAML 1.2 core schema).
  enum class Kind { kNull, kBoolean, kInteger, kFloat, kString, kSequence, kMapping };

  Kind kind = Kind::kNull;
  // A scalar's text, without quotes.
  std::string text;
  std::vector<DocumentNode> items;     // of a sequence
  std::vector<DocumentEntry> entries;  // of a mapping, in the order written

  std::shared_ptr<const std::string> file;  // as given by the user
  int line = 0;                             // counted from 1
  int column = 0;                           // counted from 1
  // The key path from the document's root: "spec.controls.resources.require.limits[0]".
  std::string path;

  // The value under `key` in a mapping, or nullptr.
  const DocumentNode* Find(std::string_view key) const;

  // InvalidArgument: `FILE:LINE:COLUMN: PATH: MESSAGE`.
  absl::Status Error(std::string_view message) const;
};

struct DocumentEntry {
  DocumentNode key;  // a scalar
  DocumentNode value;
};

// "null", "boolean", "integer", "number", "string", "list", "mapping".
std::string_view DocumentKindName(DocumentNode::Kind kind);

// `controls.foo: unknown key "imag-digest"; did you mean "image-digest"?` needs the nearest of some names: the
// candidate with the smallest edit distance, or "" when none is near (distance above a third of the name's length).
std::string_view NearestName(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace tidewaiter
