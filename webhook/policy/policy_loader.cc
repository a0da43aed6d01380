// SPDX-License-Identifier: Apache-2.0
//
// From files to documents to policies. Errors are collected, so that one run shows them all.
#include "webhook/policy/policy_loader.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "webhook/kube/text.h"
#include "webhook/policy/policy_reader.h"
#include "webhook/policy/text_file.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {
namespace {

namespace fs = std::filesystem;

void ReadText(std::string_view text, std::string_view file, PolicyParts& parts, PolicyErrors& errors) {
  const absl::StatusOr<std::vector<DocumentNode>> documents = ParseYaml(text, file);
  if (errors.Take(documents.status())) return;
  if (documents->empty()) errors.Add(StrCat(file, ": holds no document"));
  for (const DocumentNode& document : *documents) ReadPolicy(document, parts, errors);
}

void ReadFile(const std::string& path, PolicyParts& parts, PolicyErrors& errors) {
  const absl::StatusOr<std::string> text = ReadTextFile(path, kMaxDocumentBytes);
  if (!errors.Take(text.status())) ReadText(*text, path, parts, errors);
}

// The policy files of a folder, sorted by name.
std::vector<std::string> ListPolicyFiles(const std::string& folder, PolicyErrors& errors) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    if (IsPolicyFileName(path.filename().string())) files.push_back(path.string());
  }
  if (error) errors.Add(StrCat(folder, ": cannot be read: ", error.message()));
  if (!error && files.empty()) errors.Add(StrCat(folder, ": holds no *.yaml or *.yml file"));
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

bool IsPolicyFileName(std::string_view name) {
  return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml"));
}

absl::StatusOr<std::shared_ptr<const PolicySet>> ParsePolicies(std::string_view text, std::string_view file) {
  PolicyParts parts;
  PolicyErrors errors;
  ReadText(text, file, parts, errors);
  CheckParts(parts, errors);
  if (!errors.is_empty()) return errors.ToStatus();
  return std::make_shared<const PolicySet>(std::move(parts.policies), std::move(parts.workloads));
}

absl::StatusOr<PolicyParts> ReadPolicyFiles(const std::vector<std::string>& paths) {
  PolicyParts parts;
  PolicyErrors errors;
  if (paths.empty()) ReadText(EmbeddedPolicyText(), "built-in hardened.yaml", parts, errors);
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      ReadFile(path, parts, errors);
      continue;
    }
    for (const std::string& file : ListPolicyFiles(path, errors)) ReadFile(file, parts, errors);
  }
  CheckParts(parts, errors);
  if (!errors.is_empty()) return errors.ToStatus();
  return parts;
}

absl::StatusOr<std::shared_ptr<const PolicySet>> LoadPolicies(const std::vector<std::string>& paths) {
  absl::StatusOr<PolicyParts> parts = ReadPolicyFiles(paths);
  if (!parts.ok()) return parts.status();
  return std::make_shared<const PolicySet>(std::move(parts->policies), std::move(parts->workloads));
}

}  // namespace tidewaiter
