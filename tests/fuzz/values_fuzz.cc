// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes numbers and strings: a JSON text means the same to the reader of manifests (`scan`) and to the engine's reader
// (`serve`), a string written by us reads as itself by both, and whatever a YAML scalar is taken for is valid JSON.
#include <cmath>

#include "tests/fuzz/fuzzing.h"
#include "webhook/kube/json_text.h"
#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_json.h"
#include "webhook/manifest/manifest_reader.h"
#include "webhook/manifest/yaml_scalar.h"

namespace tidewaiter {
namespace {

using nlohmann::json;

// Numbers count by their value: 1.0 is 1.
bool IsSame(const json& a, const json& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_number_float() || b.is_number_float()) return a.get<double>() == b.get<double>();
    return a == b;
  }
  if (a.type() != b.type()) return false;
  if (a.is_array()) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), IsSame);
  }
  if (!a.is_object()) return a == b;
  return a.size() == b.size() && std::all_of(a.items().begin(), a.items().end(), [&](const auto& item) {
           const auto other = b.find(item.key());
           return other != b.end() && IsSame(item.value(), *other);
         });
}

// Any JSON value, inside an object: what begins with a brace is JSON to `scan`, whatever else YAML.
void CompareReaders(std::string_view value) {
  if (!json::accept(value)) return;
  const std::string text = StrCat("{\"value\":", value, "}");
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
  if (!document.ok()) return;
  const EngineJson engine = ReadByEngine(*document);
  if (engine.has_repeated_keys) return;  // which is refused
  ManifestReader reader(text, true);
  const ManifestReader::Step step = reader.Next();
  FUZZ_CHECK(step == ManifestReader::Step::kDocument, text << ": " << reader.problem().message);
  std::string written;
  FUZZ_CHECK(!WriteManifestJson(reader.document(), reader.document().root(), written).has_value(), text);
  FUZZ_CHECK(IsSame(json::parse(written), engine.json), text << " is " << written << " and " << engine.json);
}

void CheckString(std::string_view text) {
  const std::string written = StrCat("{\"value\":", JsonText(text), "}");
  const std::string expected = json::parse(written).at("value");
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(written);
  FUZZ_CHECK(document.ok() && document->root().Find("value")->string() == expected, written);
  ManifestReader reader(written, true);
  FUZZ_CHECK(reader.Next() == ManifestReader::Step::kDocument, written << reader.problem().message);
  const NodeId value = reader.document().FindValue(reader.document().root(), "value");
  FUZZ_CHECK(reader.document().StringOf(value) == expected, written);
  CompareReaders(StrCat("\"", text, "\""));
}

void CheckScalar(std::string_view text) {
  for (const std::string_view tag :
       {"", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null",
        "tag:yaml.org,2002:str", "tag:yaml.org,2002:binary", "tag:yaml.org,2002:timestamp"}) {
    for (const bool is_plain : {true, false}) {
      (void)ResolveKey(tag, text, is_plain);
      const absl::StatusOr<YamlScalar> scalar = ResolveScalar(tag, text, is_plain);
      if (!scalar.ok()) continue;
      if (scalar->kind == NodeKind::kString) continue;
      const json value = json::parse(scalar->text, nullptr, false);
      FUZZ_CHECK(value.is_primitive() && !value.is_string() && !value.is_discarded(), text << ": " << scalar->text);
      FUZZ_CHECK(value.is_number() == (scalar->kind == NodeKind::kInteger || scalar->kind == NodeKind::kFloat),
                 text << ": " << scalar->text);
    }
  }
}

}  // namespace
}  // namespace tidewaiter

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = tidewaiter::InputText(data, size);
  tidewaiter::CompareReaders(text);
  tidewaiter::CheckString(text);
  tidewaiter::CheckScalar(text);
  return 0;
}
