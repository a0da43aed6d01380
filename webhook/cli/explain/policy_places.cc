// SPDX-License-Identifier: Apache-2.0
//
// A key path, step by step, through the document.
#include "webhook/cli/explain/policy_places.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"
#include "webhook/policy/text_file.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {
namespace {

// The file in `FILE:LINE`; what names no line, a resource of the cluster, is no file.
std::string FileOf(const std::string& source) {
  const std::size_t colon = source.rfind(':');
  return colon == std::string::npos ? std::string() : source.substr(0, colon);
}

std::string_view NameOf(const DocumentNode& document) {
  const DocumentNode* metadata = document.Find("metadata");
  const DocumentNode* name = metadata == nullptr ? nullptr : metadata->Find("name");
  return name == nullptr ? std::string_view() : std::string_view(name->text);
}

// "exclude" and 0 of "exclude[0].x"; the rest is left in `path`.
std::string_view TakeStep(std::string_view& path, std::optional<std::size_t>& index) {
  const std::size_t end = path.find_first_of(".[");
  const std::string_view key = path.substr(0, end);
  path.remove_prefix(end == std::string_view::npos ? path.size() : end);
  index.reset();
  if (path.starts_with('[')) {
    std::size_t number = 0;
    const std::size_t close = path.find(']');
    if (absl::SimpleAtoi(ToAbsl(path.substr(1, close - 1)), &number)) index = number;
    path.remove_prefix(close + 1);
  }
  if (path.starts_with('.')) path.remove_prefix(1);
  return key;
}

}  // namespace

PolicyPlaces::PolicyPlaces(const PolicySet& policies) {
  std::set<std::string> files;
  for (const Policy& policy : policies.policies()) files.insert(FileOf(policy.source));
  for (const std::string& file : files) {
    if (file.empty()) continue;
    const absl::StatusOr<std::string> text =
        file.starts_with("built-in ") ? std::string(EmbeddedPolicyText()) : ReadTextFile(file, kMaxDocumentBytes);
    if (!text.ok()) continue;
    absl::StatusOr<std::vector<DocumentNode>> documents = ParseYaml(*text, file);
    if (!documents.ok()) continue;
    for (DocumentNode& document : *documents) {
      std::string name(NameOf(document));
      documents_.emplace(std::move(name), std::move(document));
    }
  }
}

std::string PolicyPlaces::PlaceOf(const Policy& policy, std::string_view key) const {
  const auto found = documents_.find(policy.name);
  if (found == documents_.end() || key.empty()) return policy.source;
  const DocumentNode* node = &found->second;
  int line = 0;
  while (!key.empty()) {
    std::optional<std::size_t> index;
    const std::string_view step = TakeStep(key, index);
    const DocumentNode* value = nullptr;
    for (const DocumentEntry& entry : node->entries) {
      if (entry.key.text != step) continue;
      line = entry.key.line;
      value = &entry.value;
    }
    if (value == nullptr) break;
    node = value;
    if (!index.has_value()) continue;
    if (*index >= node->items.size()) break;
    node = &node->items[*index];
    line = node->line;
  }
  return line == 0 ? policy.source : StrCat(FileOf(policy.source), ":", line);
}

std::string PolicyPlaces::KeyOf(const Policy& policy, const Control& control) const {
  std::string own = StrCat("spec.controls.", control.info.id);
  const auto found = documents_.find(policy.name);
  if (found == documents_.end()) return own;
  const DocumentNode* spec = found->second.Find("spec");
  const DocumentNode* controls = spec == nullptr ? nullptr : spec->Find("controls");
  const bool is_written = controls != nullptr && controls->Find(control.info.id) != nullptr;
  return is_written ? own : "spec.podSecurity";
}

}  // namespace tidewaiter
