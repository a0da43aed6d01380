// SPDX-License-Identifier: Apache-2.0
//
// A manifest's text edited so that it reads as a patched object, for tests of the editor: every change planned, those
// that can be written made, and the result read again.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_editor.h"
#include "webhook/manifest/manifest_json.h"
#include "webhook/manifest/manifest_reader.h"

namespace tidewaiter {

struct EditedManifest {
  std::string text;
  std::vector<std::string> refusals;  // POINTER: REASON
  std::vector<TextEdit> edits;        // that were made
  nlohmann::ordered_json expected;    // the object with the changes that were made
};

// The first document as JSON; null with a problem in `problem` when it cannot be read.
inline nlohmann::ordered_json ReadFirstObject(std::string_view text, std::string* problem = nullptr) {
  ManifestReader reader(text);
  std::string json;
  if (reader.Next() != ManifestReader::Step::kDocument ||
      WriteManifestJson(reader.document(), reader.document().root(), json).has_value()) {
    if (problem != nullptr) *problem = reader.problem().message;
    return nullptr;
  }
  return nlohmann::ordered_json::parse(json);
}

inline EditedManifest EditManifest(std::string_view text, const nlohmann::ordered_json& target) {
  EditedManifest edited;
  ManifestReader reader(text);
  reader.Next();
  const TextLines lines(text);
  const ManifestEditor editor(lines, reader.document());
  edited.expected = ReadFirstObject(text);
  const std::vector<JsonChange> changes = FindChanges(edited.expected, target);
  std::vector<const JsonChange*> made;
  for (const JsonChange& change : changes) {
    const absl::StatusOr<std::vector<TextEdit>> planned = editor.Plan(reader.document().root(), change);
    if (!planned.ok()) {
      edited.refusals.push_back(StrCat(change.pointer, ": ", MessageOf(planned.status())));
      continue;
    }
    made.push_back(&change);
    edited.edits.insert(edited.edits.end(), planned->begin(), planned->end());
  }
  MakeChanges(made, edited.expected);
  SortEdits(edited.edits);
  edited.text = ApplyEdits(text, edited.edits);
  return edited;
}

}  // namespace tidewaiter
