// SPDX-License-Identifier: Apache-2.0
//
// The file is YAML whose Pods are texts, so that they are shown as they were written.
#include "webhook/cli/explain/control_example.h"

#include <utility>

#include "webhook/controls/base/control_examples.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/json.h"
#include "webhook/kube/text.h"
#include "webhook/kube/workload.h"
#include "webhook/manifest/manifest_json.h"
#include "webhook/manifest/manifest_reader.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {
namespace {

absl::Status Broken(const Control& control, std::string_view why) {
  return absl::InternalError(StrCat("the example of control ", control.info.id, ": ", why));
}

// The settings as they stand in the file, behind their key: one line.
std::string SettingsText(std::string_view text) {
  constexpr std::string_view kKey = "\nsettings: ";
  const std::size_t begin = text.find(kKey);
  if (begin == std::string_view::npos) return "{}";
  const std::size_t value = begin + kKey.size();
  return std::string(text.substr(value, text.find('\n', value) - value));
}

absl::Status Check(const Control& control, const DocumentNode* settings, ControlExample& example) {
  absl::StatusOr<ControlSettings> parsed = control.parse(settings, StandardContext{});
  if (!parsed.ok()) return parsed.status();
  const std::string manifest = PodManifest(example.denied);
  ManifestReader reader(manifest);
  std::string json;
  if (reader.Next() != ManifestReader::Step::kDocument || WriteManifestJson(reader.document(), 0, json)) {
    return Broken(control, "the Pod is no YAML");
  }
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(json);
  if (!document.ok()) return document.status();
  absl::StatusOr<Workload> workload = DecodeWorkload(document->root(), "");
  if (!workload.ok()) return workload.status();
  workload->pod.namespace_name = workload->metadata.namespace_name;
  control.check(workload->pod, parsed->get(), example.findings);
  if (example.findings.empty()) return Broken(control, "nothing is wrong with the Pod");
  for (Finding& finding : example.findings) {
    finding.control = control.info.id;
    example.places.push_back(FieldPath(finding.pointer));
  }
  return absl::OkStatus();
}

}  // namespace

std::string PodManifest(std::string_view fragment) {
  return StrCat("apiVersion: v1\nkind: Pod\n", fragment.starts_with("metadata:") ? "" : "metadata:\n  name: web\n",
                fragment);
}

std::string ExemptionText(const Control& control, Date until) {
  return StrCat("exemptions:\n  - name: web-until-its-next-release\n    match: {namespaces: [shop], names: [web]}\n",
                "    controls: [", control.info.id, "]\n    reason: the next release no longer needs it\n    until: \"",
                absl::FormatCivilTime(until), "\"\n");
}

std::string ControlExample::PolicyText(const Control& control) const {
  return StrCat("apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata:\n  name: example\nspec:\n",
                "  controls:\n    ", control.info.id, ": ", settings, "\n");
}

absl::StatusOr<ControlExample> LoadControlExample(const Control& control) {
  const std::string_view text = ControlExampleText(control.info.id);
  if (text.empty()) return Broken(control, "there is none");
  const absl::StatusOr<std::vector<DocumentNode>> documents = ParseYaml(text, control.info.id);
  if (!documents.ok()) return documents.status();
  const DocumentNode& root = documents->front();
  if (absl::Status status = CheckKeys(root, {"why", "settings", "denied", "allowed"}); !status.ok()) return status;
  ControlExample example;
  for (const auto& [key, member] :
       {std::pair("why", &ControlExample::why), std::pair("denied", &ControlExample::denied),
        std::pair("allowed", &ControlExample::allowed)}) {
    const DocumentNode* value = root.Find(key);
    if (value == nullptr || value->text.empty()) return Broken(control, StrCat(key, " is missing"));
    example.*member = value->text;
  }
  example.settings = SettingsText(text);
  if (absl::Status status = Check(control, root.Find("settings"), example); !status.ok()) return status;
  return example;
}

}  // namespace tidewaiter
