// SPDX-License-Identifier: Apache-2.0
//
// One node of a document of ours (policy, settings), with the place it was written at, so that every error can name
// file, line, column and key. Knows neither YAML nor JSON: the policy loader builds it. Tested by
// tests/policy/yaml_document_test.cc.
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
  int line = 0;                             // counted from 1; 0 where there are no lines, as in a resource
  int column = 0;                           // counted from 1
  // The key path from the document's root: "spec.controls.resources.require.limits[0]". A key that is no plain word
  // stands in it quoted: `metadata.labels."a.b"`.
  std::string path;

  // The value under `key` in a mapping, or nullptr.
  const DocumentNode* Find(std::string_view key) const;

  // InvalidArgument: `FILE:LINE:COLUMN: PATH: MESSAGE`, without line and column where there are none. One printable
  // line, whatever the keys are.
  absl::Status Error(std::string_view message) const;
};

struct DocumentEntry {
  DocumentNode key;  // a scalar
  DocumentNode value;
};

// The path of what stands under `key` in the mapping at `parent`. One longer than 256 bytes, which no document of ours
// has, loses its beginning: so a document's size bounds what its paths take.
std::string PathOfKey(std::string_view parent, std::string_view key);

// "null", "boolean", "integer", "number", "string", "list", "mapping".
std::string_view DocumentKindName(DocumentNode::Kind kind);

// `; did you mean "image-digest"?`, the end of a message about a name that is unknown: the candidate with the smallest
// edit distance, or "" when none is near (distance above a third of the name's length).
std::string DidYouMean(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace tidewaiter
