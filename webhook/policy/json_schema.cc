// SPDX-License-Identifier: Apache-2.0
//
// One walk over the descriptions of settings. Type names are a small grammar: `list of Xs`, `map of X`, X.
#include "webhook/policy/json_schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "webhook/controls/base/control.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_document.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::ordered_json;

Json ObjectSchema(const SchemaDescription& settings);

Json ControlsSchema() {
  Json properties = Json::object();
  for (const Control* control : AllControls()) {
    Json settings = ObjectSchema(control->settings);
    settings["properties"]["mode"] = {{"description", "overrides the policy's"},
                                      {"enum", {"enforce", "warn", "audit"}}};
    properties[std::string(control->info.id)] = {{"description", control->info.summary},
                                                 {"oneOf", {settings, {{"type", "boolean"}}, {{"type", "null"}}}}};
  }
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
}

Json RangeSchema(const SettingDescription& setting) {
  Json schema = ObjectSchema(setting.children);
  schema["minProperties"] = 1;
  return schema;
}

Json TypeSchema(std::string_view type, const SettingDescription& setting) {
  constexpr std::string_view kList = "list of ";
  constexpr std::string_view kMap = "map of ";
  if (type.starts_with(kList)) {
    Json schema = {{"type", "array"},
                   {"items", TypeSchema(type.substr(kList.size(), type.size() - kList.size() - 1), setting)}};
    if (!setting.bounds.if_empty.empty()) schema["minItems"] = 1;
    return schema;
  }
  if (type.starts_with(kMap)) {
    SettingDescription value = setting;
    value.bounds = {};
    Json schema = {{"type", "object"}, {"additionalProperties", TypeSchema(type.substr(kMap.size()), value)}};
    if (!setting.bounds.one_of.empty()) schema["propertyNames"] = {{"enum", setting.bounds.one_of}};
    return schema;
  }
  if (type == "mapping") return ObjectSchema(setting.children);
  if (type == "controls") return ControlsSchema();
  if (type == "anything") return Json::object();
  if (type == "id range") return RangeSchema(setting);
  if (type == "port range") {
    return {{"oneOf", {{{"type", "integer"}, {"minimum", 1}, {"maximum", 65'535}}, RangeSchema(setting)}}};
  }
  if (type == "quantity") {
    // apimachinery resource.Quantity, as its OpenAPI schema has it.
    return {{"type", {"string", "number"}},
            {"pattern", "^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$"}};
  }
  if (type == "version") return {{"type", "string"}, {"pattern", "^(latest|v1\\.(0|[1-9][0-9]*))$"}};
  if (type == "date") return {{"type", "string"}, {"pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}};
  Json schema = {{"type", type}};
  if (setting.bounds.at_least.has_value()) schema["minimum"] = *setting.bounds.at_least;
  if (setting.bounds.at_most.has_value()) schema["maximum"] = *setting.bounds.at_most;
  if (!setting.bounds.one_of.empty()) schema["enum"] = setting.bounds.one_of;
  if (!setting.bounds.pattern.empty()) schema["pattern"] = setting.bounds.pattern;
  return schema;
}

// A key of a mapping with nothing behind it is an empty mapping; see CheckKeys.
bool MayBeNull(const SettingDescription& setting) {
  const bool is_map = setting.type == "mapping" || setting.type.starts_with("map of ");
  return is_map && !setting.is_required &&
         std::none_of(setting.children.begin(), setting.children.end(),
                      [](const SettingDescription& child) { return child.is_required; });
}

Json ObjectSchema(const SchemaDescription& settings) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const SettingDescription& setting : settings) {
    Json schema = {{"description", setting.help}};
    schema.update(TypeSchema(setting.type, setting));
    if (MayBeNull(setting)) schema["type"] = {"object", "null"};
    properties[setting.key] = std::move(schema);
    if (setting.is_required) required.push_back(setting.key);
  }
  Json schema = {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

}  // namespace

std::string PolicyJsonSchema() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "tidewaiter.dev/v1alpha1 PodPolicy"}};
  schema.update(ObjectSchema(PodPolicyDocument::Schema().Describe()));
  // Without podSecurity only spec.controls applies any, and to switch one off is to apply none.
  const Json some_controls = {{"minProperties", 1}, {"additionalProperties", {{"not", {{"const", false}}}}}};
  schema["properties"]["spec"]["anyOf"] = {
      {{"required", {"podSecurity"}}},
      {{"required", {"controls"}}, {"properties", {{"controls", some_controls}}}},
  };
  return schema.dump(2) + "\n";
}

}  // namespace tidewaiter
