// SPDX-License-Identifier: Apache-2.0
//
// The manifest follows the rules of structural schemas, and its YAML says what was meant.
#include "webhook/policy/policy_crd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/controls/base/control.h"
#include "webhook/policy/yaml_document.h"
#include "webhook/policy/yaml_text.h"

namespace tidewaiter {
namespace {

DocumentNode Schema() {
  const auto documents = ParseYaml(PolicyCustomResourceDefinition(), "crd.yaml");
  return *documents->front().Find("spec")->Find("versions")->items[0].Find("schema")->Find("openAPIV3Schema");
}

void CheckStructural(const DocumentNode& schema) {
  const bool is_open = schema.Find("x-kubernetes-preserve-unknown-fields") != nullptr;
  EXPECT_TRUE(schema.Find("type") != nullptr || is_open) << schema.path << ": has no type";
  EXPECT_FALSE(schema.Find("properties") != nullptr && schema.Find("additionalProperties") != nullptr) << schema.path;
  for (const char* key : {"anyOf", "oneOf", "propertyNames", "$schema"}) EXPECT_EQ(schema.Find(key), nullptr) << key;
  if (const DocumentNode* properties = schema.Find("properties"); properties != nullptr) {
    EXPECT_EQ(schema.Find("type")->text, "object") << schema.path;
    for (const auto& [key, value] : properties->entries) CheckStructural(value);
  }
  for (const char* key : {"items", "additionalProperties"}) {
    if (const DocumentNode* inner = schema.Find(key); inner != nullptr) CheckStructural(*inner);
  }
}

TEST(PolicyCrdTest, IsStructural) { CheckStructural(Schema()); }

TEST(PolicyCrdTest, DescribesEveryControl) {
  const DocumentNode schema = Schema();
  const DocumentNode& spec = *schema.Find("properties")->Find("spec");
  const DocumentNode& controls = *spec.Find("properties")->Find("controls");
  EXPECT_EQ(controls.Find("properties")->entries.size(), AllControls().size());
  EXPECT_THAT(controls.Find("properties")->Find("image-tag")->Find("description")->text,
              ::testing::HasSubstr("\nforbidden (list of strings"));
}

TEST(YamlTextTest, ReadsAsItWasMeant) {
  const nlohmann::ordered_json value = {
      {"plain", "a b"},
      {"quoted", nlohmann::ordered_json::array({"true", "1", "", "a: b", "-x", "x\ny"})},
      {"no", false},
      {"list", nlohmann::ordered_json::array({{{"a", 1}, {"b", {{"c", 2}}}}})},
      {"empty", nlohmann::ordered_json::object()}};
  EXPECT_EQ(WriteYaml(value),
            "plain: a b\nquoted:\n  - \"true\"\n  - \"1\"\n  - \"\"\n  - \"a: b\"\n  - \"-x\"\n  - \"x\\ny\"\n\"no\": "
            "false\nlist:\n  - a: 1\n    b:\n      c: 2\nempty: {}\n");
}

}  // namespace
}  // namespace tidewaiter
