// SPDX-License-Identifier: Apache-2.0
//
// Namespace objects, as far as their names and labels go.
#include "webhook/policy/namespaces.h"

#include <utility>

#include "webhook/controls/base/setting_values.h"
#include "webhook/kube/quoted.h"
#include "webhook/policy/match.h"
#include "webhook/policy/text_file.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {
namespace {

absl::Status ReadNamespace(const DocumentNode& node, FixedNamespaces& out) {
  if (node.kind != DocumentNode::Kind::kMapping) return WrongSettingType(node, "a Namespace object");
  const DocumentNode* items = node.Find("items");
  if (items != nullptr) {
    if (items->kind != DocumentNode::Kind::kSequence) return WrongSettingType(*items, "a list");
    for (const DocumentNode& item : items->items) {
      if (absl::Status status = ReadNamespace(item, out); !status.ok()) return status;
    }
    return absl::OkStatus();
  }
  const DocumentNode* kind = node.Find("kind");
  if (kind == nullptr || kind->text != "Namespace") return node.Error("expected kind: Namespace");
  const DocumentNode* metadata = node.Find("metadata");
  const DocumentNode* name = metadata == nullptr ? nullptr : metadata->Find("name");
  if (name == nullptr || name->text.empty()) return node.Error("key \"metadata.name\" is missing");
  Labels labels;
  if (const DocumentNode* given = metadata->Find("labels"); given != nullptr) {
    if (absl::Status status = ReadSetting(*given, {}, labels); !status.ok()) return status;
  }
  out.Add(name->text, std::move(labels));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const FixedNamespaces>> FixedNamespaces::Load(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadTextFile(path, kMaxDocumentBytes);
  if (!text.ok()) return text.status();
  return Parse(*text, path);
}

absl::StatusOr<std::shared_ptr<const FixedNamespaces>> FixedNamespaces::Parse(std::string_view text,
                                                                              std::string_view file) {
  const absl::StatusOr<std::vector<DocumentNode>> documents = ParseYaml(text, file);
  if (!documents.ok()) return documents.status();
  auto namespaces = std::make_shared<FixedNamespaces>();
  for (const DocumentNode& document : *documents) {
    if (absl::Status status = ReadNamespace(document, *namespaces); !status.ok()) return status;
  }
  return namespaces;
}

void FixedNamespaces::Add(std::string name, Labels labels) {
  // The API server sets it on every namespace, and nobody can change it.
  labels.insert_or_assign(std::string(kNamespaceNameLabel), name);
  labels_.insert_or_assign(std::move(name), std::make_shared<const Labels>(std::move(labels)));
}

std::shared_ptr<const Labels> FixedNamespaces::FindLabels(std::string_view namespace_name) const {
  const auto found = labels_.find(namespace_name);
  return found == labels_.end() ? nullptr : found->second;
}

}  // namespace tidewaiter
