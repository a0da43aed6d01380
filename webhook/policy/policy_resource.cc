// SPDX-License-Identifier: Apache-2.0
//
// One walk over the JSON; its depth is bounded by JsonDocument.
#include "webhook/policy/policy_resource.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "webhook/kube/text.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {
namespace {

using Kind = DocumentNode::Kind;

class Converter {
 public:
  explicit Converter(std::string_view source) : source_(std::make_shared<const std::string>(source)) {}

  absl::Status Convert(JsonValue value, std::string path, DocumentNode& out) {
    out.file = source_;
    out.path = std::move(path);
    if (++count_ > kMaxDocumentNodes) return out.Error(StrCat("more than ", kMaxDocumentNodes, " values"));
    switch (value.type()) {
      case JsonValue::Type::kNull:
        out.kind = Kind::kNull;
        return absl::OkStatus();
      case JsonValue::Type::kBoolean:
        return SetScalar(Kind::kBoolean, value.boolean() ? "true" : "false", out);
      case JsonValue::Type::kInteger:
        return SetScalar(Kind::kInteger, value.NumberText(), out);
      case JsonValue::Type::kNumber:
        return SetScalar(Kind::kFloat, value.NumberText(), out);
      case JsonValue::Type::kString:
        return SetScalar(Kind::kString, std::string(value.string()), out);
      case JsonValue::Type::kArray:
        out.kind = Kind::kSequence;
        for (const JsonValue item : value.elements()) {
          const std::string path = StrCat(out.path, "[", out.items.size(), "]");
          if (absl::Status status = Convert(item, path, out.items.emplace_back()); !status.ok()) return status;
        }
        return absl::OkStatus();
      case JsonValue::Type::kObject:
        out.kind = Kind::kMapping;
        for (const auto& [key, item] : value.members()) {
          if (absl::Status status = Convert(item, PathOfKey(out.path, key), AddKey(key, out)); !status.ok())
            return status;
        }
        return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  // The place for the value of a new key.
  DocumentNode& AddKey(std::string_view key, DocumentNode& mapping) {
    DocumentEntry& entry = mapping.entries.emplace_back();
    entry.key.file = source_;
    entry.key.kind = Kind::kString;
    entry.key.text = key;
    entry.key.path = PathOfKey(mapping.path, key);
    return entry.value;
  }

  DocumentNode MakeMapping(std::string path) const {
    DocumentNode node;
    node.kind = Kind::kMapping;
    node.file = source_;
    node.path = std::move(path);
    return node;
  }

 private:
  static absl::Status SetScalar(Kind kind, std::string text, DocumentNode& out) {
    out.kind = kind;
    out.text = std::move(text);
    return absl::OkStatus();
  }

  const std::shared_ptr<const std::string> source_;
  std::size_t count_ = 0;
};

}  // namespace

absl::StatusOr<DocumentNode> DocumentFromJson(JsonValue value, std::string_view source) {
  DocumentNode node;
  if (absl::Status status = Converter(source).Convert(value, "", node); !status.ok()) return status;
  return node;
}

absl::StatusOr<DocumentNode> PolicyDocumentOf(JsonValue object) {
  const std::optional<JsonValue> metadata = object.Find("metadata");
  const std::optional<JsonValue> name = metadata.has_value() ? metadata->Find("name") : std::nullopt;
  if (!name.has_value() || name->string().empty()) return InvalidArgument("a PodPolicy without metadata.name");
  Converter converter(StrCat("podpolicy/", name->string()));
  DocumentNode document = converter.MakeMapping("");
  for (const std::string_view key : {"apiVersion", "kind", "spec"}) {
    const std::optional<JsonValue> value = object.Find(key);
    if (!value.has_value()) continue;
    absl::Status status = converter.Convert(*value, std::string(key), converter.AddKey(key, document));
    if (!status.ok()) return status;
  }
  DocumentNode& own = converter.AddKey("metadata", document);
  own = converter.MakeMapping("metadata");
  if (absl::Status status = converter.Convert(*name, "metadata.name", converter.AddKey("name", own)); !status.ok()) {
    return status;
  }
  return document;
}

bool SaySame(const DocumentNode& a, const DocumentNode& b) {
  if (a.kind != b.kind || a.text != b.text || a.entries.size() != b.entries.size()) return false;
  const bool same_entries = std::all_of(a.entries.begin(), a.entries.end(), [&](const DocumentEntry& entry) {
    const DocumentNode* other = b.Find(entry.key.text);
    return other != nullptr && SaySame(entry.value, *other);
  });
  return same_entries && std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), SaySame);
}

}  // namespace tidewaiter
