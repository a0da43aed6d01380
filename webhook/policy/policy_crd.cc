// SPDX-License-Identifier: Apache-2.0
//
// A structural schema is made of the JSON Schema by one walk; what it cannot express is left to the reader.
#include "webhook/policy/policy_crd.h"

#include <nlohmann/json.hpp>

#include "webhook/controls/base/control.h"
#include "webhook/kube/text.h"
#include "webhook/policy/json_schema.h"
#include "webhook/policy/yaml_text.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kKeepUnknown[] = "x-kubernetes-preserve-unknown-fields";

// "Mapping; keys: require (mapping), inject (mapping), ...".
std::string DescribeKeys(const SchemaDescription& settings) {
  std::string text;
  for (const SettingDescription& setting : settings) {
    StrAppend(&text, "\n", setting.key, " (", setting.type);
    if (!setting.default_text.empty()) StrAppend(&text, ", default ", setting.default_text);
    StrAppend(&text, "): ", setting.help);
  }
  return text;
}

// A control is a mapping, true, false or nothing: a union, for which a structural schema has no word. So its keys are
// told in its description, and checked by the reader.
Json ControlSchema(const Control& control) {
  return {
      {"description", StrCat(control.info.summary, "\nA mapping of settings; true or {} for the defaults, false to ",
                             "switch it off. Settings:", DescribeKeys(control.settings),
                             "\nmode (string): enforce, warn or audit; overrides the policy's")},
      {kKeepUnknown, true}};
}

Json Structural(const Json& schema);

Json StructuralProperties(const Json& properties) {
  Json result = Json::object();
  for (const auto& [key, property] : properties.items()) result[key] = Structural(property);
  return result;
}

Json Structural(const Json& schema) {
  Json result = Json::object();
  for (const auto& [key, value] : schema.items()) {
    if (key == "properties") {
      result[key] = StructuralProperties(value);
      result[kKeepUnknown] = true;
    } else if (key == "items" || (key == "additionalProperties" && value.is_object())) {
      result[key] = Structural(value);
    } else if (key == "type" && value.is_array()) {  // ["object", "null"]
      result[key] = value[0];
      result["nullable"] = true;
    } else if (key != "additionalProperties" && key != "anyOf") {
      result[key] = value;
    }
  }
  return result;
}

Json SpecSchema() {
  const Json schema = Json::parse(PolicyJsonSchema());
  Json source = schema["properties"]["spec"];
  source["properties"]["controls"].erase("properties");
  Json spec = Structural(source);
  spec["properties"]["mode"]["default"] = "enforce";  // for the column
  Json& controls = spec["properties"]["controls"];
  controls["properties"] = Json::object();
  controls[kKeepUnknown] = true;
  for (const Control* control : AllControls()) {
    controls["properties"][std::string(control->info.id)] = ControlSchema(*control);
  }
  return spec;
}

Json Field(const char* type, std::string_view description) { return {{"description", description}, {"type", type}}; }
Json Number(std::string_view description) {
  return {{"description", description}, {"type", "integer"}, {"format", "int64"}};
}

// meta/v1 Condition.
Json ConditionsSchema() {
  Json condition = {
      {"type", "object"},
      {"properties",
       {{"type", Field("string", "Ready: whether the policy is in force as it is written")},
        {"status", {{"description", "True or False"}, {"type", "string"}, {"enum", {"True", "False", "Unknown"}}}},
        {"reason", Field("string", "Applied, Invalid or Shadowed (a policy of the same name comes from a file)")},
        {"message", Field("string", "what is wrong with it and where, or what it applies")},
        {"lastTransitionTime",
         {{"description", "when the status last became another"}, {"type", "string"}, {"format", "date-time"}}},
        {"observedGeneration", Number("the metadata.generation that this was said of")}}},
      {"required", {"type", "status", "reason", "message", "lastTransitionTime"}}};
  return {{"description", "what became of the policy"},
          {"type", "array"},
          {"items", std::move(condition)},
          {"x-kubernetes-list-type", "map"},
          {"x-kubernetes-list-map-keys", Json::array({"type"})}};
}

Json StatusSchema() {
  Json findings = {{"description",
                    "findings in the last hour, by the mode they counted in, as seen by the replica that writes this "
                    "status; the metric tidewaiter_findings_total has those of every replica"},
                   {"type", "object"},
                   {"properties",
                    {{"enforce", Number("findings that denied, or would have but for an update that left them as "
                                        "they were")},
                     {"warn", Number("findings that warned")},
                     {"audit", Number("findings that only went to the audit log")}}}};
  return {{"description", "what the webhook makes of the policy; written by one of its replicas"},
          {"type", "object"},
          {"properties",
           {{"observedGeneration", Number("the metadata.generation that this status was written for")},
            {"controls", Number("how many controls the policy applies")},
            {"findings", std::move(findings)},
            {"conditions", ConditionsSchema()}}}};
}

Json Column(const char* name, const char* type, const char* path, const char* description) {
  return {{"name", name}, {"type", type}, {"jsonPath", path}, {"description", description}};
}

Json Columns() {
  constexpr char kReady[] = ".status.conditions[?(@.type==\"Ready\")]";
  Json message = Column("Message", "string", "", "What is wrong with it, or what it applies");
  message["jsonPath"] = StrCat(kReady, ".message");
  message["priority"] = 1;
  Json ready = Column("Ready", "string", "", "Whether it is in force as it is written");
  ready["jsonPath"] = StrCat(kReady, ".status");
  return {Column("Mode", "string", ".spec.mode", "What a finding does"),
          Column("Controls", "integer", ".status.controls", "How many controls it applies"), std::move(ready),
          Column("Age", "date", ".metadata.creationTimestamp", "Since when it exists"), std::move(message)};
}

}  // namespace

std::string PolicyCustomResourceDefinition() {
  Json schema = {
      {"description",
       "PodPolicy says which controls apply to which workloads of the cluster, in which mode, and who is exempt."},
      {"type", "object"},
      {"properties",
       {{"apiVersion", Field("string", "tidewaiter.dev/v1alpha1")},
        {"kind", Field("string", "PodPolicy")},
        {"metadata", {{"type", "object"}}},
        {"spec", SpecSchema()},
        {"status", StatusSchema()}}},
      {"required", Json::array({"spec"})}};
  const Json version = {{"name", kPolicyVersion},
                        {"served", true},
                        {"storage", true},
                        {"additionalPrinterColumns", Columns()},
                        {"subresources", {{"status", Json::object()}}},
                        {"schema", {{"openAPIV3Schema", std::move(schema)}}}};
  const Json definition = {
      {"apiVersion", "apiextensions.k8s.io/v1"},
      {"kind", "CustomResourceDefinition"},
      {"metadata",
       {{"name", StrCat(kPolicyPlural, ".", kPolicyGroup)}, {"labels", {{"app.kubernetes.io/name", "tidewaiter"}}}}},
      {"spec",
       {{"group", kPolicyGroup},
        {"scope", "Cluster"},
        {"names",
         {{"kind", kPolicyKind},
          {"listKind", "PodPolicyList"},
          {"plural", kPolicyPlural},
          {"singular", "podpolicy"},
          {"shortNames", Json::array({"pp"})},
          {"categories", Json::array({"tidewaiter"})}}},
        {"versions", Json::array({version})}}}};
  return StrCat("# Written by `tidewaiter policy crd`. Do not edit.\n", WriteYaml(definition));
}

}  // namespace tidewaiter
