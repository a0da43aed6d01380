// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader of manifests, as YAML and as JSON: it comes to an end, every place lies in the text, every document
// becomes valid JSON, and that JSON reads as itself. What it must say is tests/oracle's to compare.
#include "tests/fuzz/fuzzing.h"
#include "webhook/manifest/manifest_json.h"
#include "webhook/manifest/manifest_place.h"
#include "webhook/manifest/manifest_reader.h"

namespace tidewaiter {
namespace {

using nlohmann::json;

void CheckPlace(SourceMark place, std::size_t lines) {
  FUZZ_CHECK(place.line <= lines + 1, place.line << " of " << lines);
}

void CheckDocument(const ManifestDocument& document, std::size_t lines) {
  for (NodeId id = 0; id < document.size(); ++id) {
    CheckPlace(document.node(id).begin, lines);
    CheckPlace(document.node(id).end, lines);
  }
  for (const char* pointer : {"/metadata/name", "/spec/containers/0/image", "/a/0/~1", ""}) {
    CheckPlace(FindPlace(document, document.root(), pointer).begin, lines);
  }
  std::string text;
  if (WriteManifestJson(document, document.root(), text).has_value()) return;
  const json value = json::parse(text);
  ManifestReader again(text, true);
  const ManifestReader::Step step = again.Next();
  if (value.is_null()) return;
  FUZZ_CHECK(step == ManifestReader::Step::kDocument, text << ": " << again.problem().message);
  std::string second;
  FUZZ_CHECK(!WriteManifestJson(again.document(), again.document().root(), second).has_value(), text);
  FUZZ_CHECK(second == text, text << " then " << second);
}

void ReadAll(std::string_view text, bool is_json) {
  const std::size_t lines = 1 + static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
                              return c == '\n' || c == '\r' || c == '\x85' || c == '\xA8' || c == '\xA9';
                            }));
  ManifestReader reader(text, is_json);
  std::size_t steps = 0;
  for (ManifestReader::Step step = reader.Next(); step != ManifestReader::Step::kEnd; step = reader.Next()) {
    FUZZ_CHECK(++steps <= text.size() + 1, steps);
    if (step == ManifestReader::Step::kDocument) {
      CheckDocument(reader.document(), lines);
    } else {
      FUZZ_CHECK(!reader.problem().message.empty(), text);
      CheckPlace(reader.problem().place, lines);
    }
  }
}

}  // namespace
}  // namespace tidewaiter

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = tidewaiter::InputText(data, size);
  tidewaiter::ReadAll(text, false);
  tidewaiter::ReadAll(text, true);
  return 0;
}
