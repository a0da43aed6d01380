// SPDX-License-Identifier: Apache-2.0
//
// The keys of a PodPolicy, their texts and their rules.
#include "webhook/policy/policy_document.h"

#include "webhook/controls/base/globs.h"
#include "webhook/kube/workload.h"

namespace tidewaiter {

// Found by the schema through the argument's own namespace.
absl::Status ReadSetting(const DocumentNode& node, const SettingBounds&, ControlsDocument& out) {
  out.node = &node;
  if (node.kind == DocumentNode::Kind::kMapping) return absl::OkStatus();
  return WrongSettingType(node, "a mapping from control id to settings");
}
std::string SettingTypeName(const ControlsDocument&) { return "mapping"; }
std::string SettingText(const ControlsDocument&) { return ""; }

namespace {

// DNS-1123 subdomain (apimachinery util/validation IsDNS1123Subdomain): what the API server takes as a name.
absl::Status CheckName(const std::string& name) {
  const auto is_alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  bool is_valid = !name.empty() && name.size() <= 253;
  char before = '.';
  for (const char c : name) {
    if (is_alphanumeric(c)) {
    } else if (c == '-') {
      is_valid = is_valid && before != '.';
    } else if (c == '.') {
      is_valid = is_valid && is_alphanumeric(before);
    } else {
      is_valid = false;
    }
    before = c;
  }
  if (is_valid && is_alphanumeric(before)) return absl::OkStatus();
  return InvalidArgument(
      "must be lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit");
}

}  // namespace

const SettingsSchema<NamespaceMatchDocument>& NamespaceMatchDocument::Schema() {
  using S = NamespaceMatchDocument;
  static const SettingsSchema<S> schema = {
      CheckedField("include", &S::include, "globs of namespaces it applies to; empty = all", CheckGlobs),
      CheckedField("exclude", &S::exclude, "globs of namespaces it does not apply to; wins over include", CheckGlobs),
  };
  return schema;
}

const SettingsSchema<MatchDocument>& MatchDocument::Schema() {
  using S = MatchDocument;
  static const SettingsSchema<S> schema = {
      {"namespaces", &S::namespaces, "by name"},
      SettingField<S>("kinds", &S::kinds, "workload kinds it applies to; empty = all").OneOf(WorkloadKindNames()),
  };
  return schema;
}

const SettingsSchema<MetadataDocument>& MetadataDocument::Schema() {
  using S = MetadataDocument;
  static const SettingsSchema<S> schema = {
      CheckedField("name", &S::name, "shown in every finding; unique", CheckName),
      {"labels", &S::labels, "not read"},
      {"annotations", &S::annotations, "not read"},
  };
  return schema;
}

const SettingsSchema<SpecDocument>& SpecDocument::Schema() {
  using S = SpecDocument;
  static const SettingsSchema<S> schema = {
      SettingField<S>("mode", &S::mode, "what a finding does; a control may override it")
          .OneOf({"enforce", "warn", "audit"}),
      {"match", &S::match, "which workloads it applies to: every given part must hold"},
      {"controls", &S::controls, "the controls it applies, by id, with their settings"},
  };
  return schema;
}

const SettingsSchema<PodPolicyDocument>& PodPolicyDocument::Schema() {
  using S = PodPolicyDocument;
  static const SettingsSchema<S> schema = {
      SettingField<S>("apiVersion", &S::api_version, "tidewaiter.dev/v1alpha1").OneOf({"tidewaiter.dev/v1alpha1"}),
      SettingField<S>("kind", &S::kind, "PodPolicy").OneOf({"PodPolicy"}),
      {"metadata", &S::metadata, "its name"},
      {"spec", &S::spec, "what it asks of whom"},
  };
  return schema;
}

}  // namespace tidewaiter
