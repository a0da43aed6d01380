// SPDX-License-Identifier: Apache-2.0
//
// From files to documents to policies. Errors are collected, so that one run shows them all.
#include "webhook/policy/policy_loader.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_document.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {
namespace {

namespace fs = std::filesystem;

// Collects the lines of several errors.
class Errors {
 public:
  void Add(std::string_view line) { StrAppend(&text_, text_.empty() ? "" : "\n", line); }
  bool Take(const absl::Status& status) {
    if (!status.ok()) Add(MessageOf(status));
    return !status.ok();
  }
  bool is_empty() const { return text_.empty(); }
  absl::Status ToStatus() const { return InvalidArgument(text_); }

 private:
  std::string text_;
};

absl::Status RequireKeys(const DocumentNode& node, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (node.Find(key) == nullptr) return node.Error(StrCat("key ", Quoted(key), " is missing"));
  }
  return absl::OkStatus();
}

// The mode of a control, and its settings without that key.
absl::StatusOr<AppliedControl> ApplyControl(const Control& control, DocumentNode node, Mode policy_mode) {
  AppliedControl applied{.control = &control, .mode = policy_mode, .settings = nullptr};
  if (node.kind == DocumentNode::Kind::kBoolean) node.kind = DocumentNode::Kind::kNull;  // `true`: all defaults
  if (const DocumentNode* mode = node.Find("mode"); mode != nullptr) {
    std::string name;
    const SettingBounds bounds{.one_of = {"enforce", "warn", "audit"}};
    if (absl::Status status = ReadSetting(*mode, bounds, name); !status.ok()) return status;
    applied.mode = *ModeFromName(name);
    std::erase_if(node.entries, [](const auto& entry) { return entry.key.text == "mode"; });
  }
  absl::StatusOr<ControlSettings> settings = control.parse(&node, {});
  if (!settings.ok()) return settings.status();
  applied.settings = *std::move(settings);
  return applied;
}

void ApplyControls(const DocumentNode& controls, Mode mode, Policy& policy, Errors& errors) {
  std::vector<std::string_view> ids;
  for (const Control* control : AllControls()) ids.push_back(control->info.id);
  for (const auto& [key, node] : controls.entries) {
    const Control* control = FindControl(key.text);
    if (control == nullptr) {
      const std::string_view nearest = NearestName(key.text, ids);
      errors.Take(key.Error(nearest.empty() ? std::string("unknown control; `tidewaiter controls` lists them")
                                            : StrCat("unknown control; did you mean ", Quoted(nearest), "?")));
      continue;
    }
    if (node.kind == DocumentNode::Kind::kBoolean && (node.text[0] == 'f' || node.text[0] == 'F')) continue;  // off
    absl::StatusOr<AppliedControl> applied = ApplyControl(*control, node, mode);
    if (!errors.Take(applied.status())) policy.controls.push_back(*std::move(applied));
  }
  std::sort(policy.controls.begin(), policy.controls.end(),
            [](const AppliedControl& a, const AppliedControl& b) { return a.control->info.id < b.control->info.id; });
}

// Adds the policy of one document, or its errors.
void ReadPolicy(const DocumentNode& node, std::vector<Policy>& policies, Errors& errors) {
  PodPolicyDocument document;
  if (errors.Take(PodPolicyDocument::Schema().Read(node, document))) return;
  if (errors.Take(RequireKeys(node, {"apiVersion", "kind", "metadata", "spec"}))) return;
  if (errors.Take(RequireKeys(*node.Find("metadata"), {"name"}))) return;
  if (errors.Take(RequireKeys(*node.Find("spec"), {"controls"}))) return;
  Policy policy;
  policy.name = document.metadata.name;
  policy.source = StrCat(*node.file, ":", node.line);
  policy.match = {.include_namespaces = document.spec.match.namespaces.include,
                  .exclude_namespaces = document.spec.match.namespaces.exclude,
                  .kinds = document.spec.match.kinds};
  ApplyControls(*document.spec.controls.node, *ModeFromName(document.spec.mode), policy, errors);
  policies.push_back(std::move(policy));
}

void ReadText(std::string_view text, std::string_view file, std::vector<Policy>& policies, Errors& errors) {
  const absl::StatusOr<std::vector<DocumentNode>> documents = ParseYaml(text, file);
  if (errors.Take(documents.status())) return;
  if (documents->empty()) errors.Add(StrCat(file, ": holds no document"));
  for (const DocumentNode& document : *documents) ReadPolicy(document, policies, errors);
}

void ReadFile(const std::string& path, std::vector<Policy>& policies, Errors& errors) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) return errors.Add(StrCat(path, ": cannot be read: ", error.message()));
  if (size > kMaxDocumentBytes) return errors.Add(StrCat(path, ": larger than ", kMaxDocumentBytes, " bytes"));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file.is_open() || (text << file.rdbuf(), file.bad())) return errors.Add(StrCat(path, ": cannot be read"));
  ReadText(text.str(), path, policies, errors);
}

// The policy files of a folder, sorted by name.
std::vector<std::string> ListPolicyFiles(const std::string& folder, Errors& errors) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    const bool is_yaml = path.extension() == ".yaml" || path.extension() == ".yml";
    if (is_yaml && !path.filename().string().starts_with(".")) files.push_back(path.string());
  }
  if (error) errors.Add(StrCat(folder, ": cannot be read: ", error.message()));
  if (!error && files.empty()) errors.Add(StrCat(folder, ": holds no *.yaml or *.yml file"));
  std::sort(files.begin(), files.end());
  return files;
}

void CheckNames(const std::vector<Policy>& policies, Errors& errors) {
  std::map<std::string_view, const Policy*> by_name;
  for (const Policy& policy : policies) {
    const auto [other, is_new] = by_name.emplace(policy.name, &policy);
    if (!is_new) {
      errors.Add(StrCat(policy.source, ": metadata.name: ", Quoted(policy.name), " is the name of the policy at ",
                        other->second->source, " as well"));
    }
  }
}

}  // namespace

absl::StatusOr<std::vector<Policy>> ParsePolicies(std::string_view text, std::string_view file) {
  std::vector<Policy> policies;
  Errors errors;
  ReadText(text, file, policies, errors);
  CheckNames(policies, errors);
  if (!errors.is_empty()) return errors.ToStatus();
  return policies;
}

absl::StatusOr<std::shared_ptr<const PolicySet>> LoadPolicies(const std::vector<std::string>& paths) {
  auto set = std::make_shared<PolicySet>();
  Errors errors;
  if (paths.empty()) ReadText(EmbeddedPolicyText(), "built-in hardened.yaml", set->policies, errors);
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      ReadFile(path, set->policies, errors);
      continue;
    }
    for (const std::string& file : ListPolicyFiles(path, errors)) ReadFile(file, set->policies, errors);
  }
  CheckNames(set->policies, errors);
  if (!errors.is_empty()) return errors.ToStatus();
  std::sort(set->policies.begin(), set->policies.end(),
            [](const Policy& a, const Policy& b) { return a.name < b.name; });
  return set;
}

}  // namespace tidewaiter
