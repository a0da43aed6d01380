// SPDX-License-Identifier: Apache-2.0
//
// The PodPolicy document as plain structs with their keys; policy_loader.h makes policies of it. A new key is a new
// row. Tested by tests/policy/policy_loader_test.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "webhook/controls/base/settings_schema.h"

namespace tidewaiter {

struct NamespaceMatchDocument {
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  static const SettingsSchema<NamespaceMatchDocument>& Schema();
};

struct MatchDocument {
  NamespaceMatchDocument namespaces;
  std::vector<std::string> kinds;
  static const SettingsSchema<MatchDocument>& Schema();
};

struct MetadataDocument {
  std::string name;
  std::map<std::string, std::string, std::less<>> labels;
  std::map<std::string, std::string, std::less<>> annotations;
  static const SettingsSchema<MetadataDocument>& Schema();
};

// The mapping under spec.controls is kept as it is: its keys are the ids of controls, each with settings of its own.
struct ControlsDocument {
  const DocumentNode* node = nullptr;  // lives as long as the document
};

struct SpecDocument {
  std::string mode = "enforce";
  MatchDocument match;
  ControlsDocument controls;
  static const SettingsSchema<SpecDocument>& Schema();
};

struct PodPolicyDocument {
  std::string api_version;
  std::string kind;
  MetadataDocument metadata;
  SpecDocument spec;
  static const SettingsSchema<PodPolicyDocument>& Schema();
};

}  // namespace tidewaiter
