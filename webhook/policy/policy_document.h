// SPDX-License-Identifier: Apache-2.0
//
// The PodPolicy document as plain structs with their keys; policy_reader.h makes policies of it, json_schema.h a schema
// for editors. A new key is a new row. Tested by tests/policy/policy_loader_test.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "webhook/controls/base/settings_schema.h"
#include "webhook/policy/date.h"

namespace tidewaiter {

struct NamespaceMatchDocument {
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  static const SettingsSchema<NamespaceMatchDocument>& Schema();
};

// meta/v1 LabelSelectorRequirement and LabelSelector.
struct LabelExpressionDocument {
  std::string key;
  std::string op;
  std::vector<std::string> values;
  static const SettingsSchema<LabelExpressionDocument>& Schema();
};
struct LabelSelectorDocument {
  std::map<std::string, std::string, std::less<>> match_labels;
  std::vector<LabelExpressionDocument> match_expressions;
  static const SettingsSchema<LabelSelectorDocument>& Schema();
};

struct MatchDocument {
  NamespaceMatchDocument namespaces;
  LabelSelectorDocument namespace_selector;
  LabelSelectorDocument object_selector;
  std::vector<std::string> kinds;
  static const SettingsSchema<MatchDocument>& Schema();
};

// A version of the standards that ParseStandardVersion takes.
struct StandardVersionSetting {
  std::string text = "latest";
};

struct PodSecurityDocument {
  std::string level;
  StandardVersionSetting version;
  bool inject = false;
  static const SettingsSchema<PodSecurityDocument>& Schema();
};

struct ExemptionMatchDocument {
  std::vector<std::string> namespaces;
  std::vector<std::string> names;
  std::vector<std::string> images;
  std::vector<std::string> containers;
  std::vector<std::string> service_accounts;
  std::vector<std::string> users;
  static const SettingsSchema<ExemptionMatchDocument>& Schema();
};

struct ExemptionDocument {
  std::string name;
  ExemptionMatchDocument match;
  std::vector<std::string> controls;
  std::string reason;
  DateSetting until;
  static const SettingsSchema<ExemptionDocument>& Schema();
};

struct WorkloadDocument {
  std::string group;
  std::string kind;
  std::string pod_template;
  static const SettingsSchema<WorkloadDocument>& Schema();
};

// What the API server adds to a resource, so that what kubectl prints of one can be read as it is.
struct IgnoredSetting {};

struct MetadataDocument {
  std::string name;
  std::map<std::string, std::string, std::less<>> labels;
  std::map<std::string, std::string, std::less<>> annotations;
  IgnoredSetting ignored;
  static const SettingsSchema<MetadataDocument>& Schema();
};

// The mapping under spec.controls is kept as it is: its keys are the ids of controls, each with settings of its own.
struct ControlsDocument {
  const DocumentNode* node = nullptr;  // lives as long as the document
};

struct SpecDocument {
  std::string mode = "enforce";
  DateSetting enforce_from;
  std::int64_t enforce_percent = 100;
  MatchDocument match;
  std::optional<PodSecurityDocument> pod_security;
  ControlsDocument controls;
  std::vector<ExemptionDocument> exemptions;
  std::vector<WorkloadDocument> workloads;
  static const SettingsSchema<SpecDocument>& Schema();
};

struct PodPolicyDocument {
  std::string api_version;
  std::string kind;
  MetadataDocument metadata;
  SpecDocument spec;
  IgnoredSetting ignored;
  static const SettingsSchema<PodPolicyDocument>& Schema();
};

// OK for a DNS-1123 subdomain (apimachinery util/validation IsDNS1123Subdomain): what the API server takes as a name.
absl::Status CheckDnsName(const std::string& name);

}  // namespace tidewaiter
