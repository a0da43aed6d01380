// SPDX-License-Identifier: Apache-2.0
//
// The schema says what the loader reads; that it accepts the shipped policies and refuses mistakes is tried with an
// independent validator in tests/integration/schema_test.py.
#include "webhook/policy/json_schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "webhook/controls/base/control.h"

namespace tidewaiter {
namespace {

TEST(JsonSchemaTest, KnowsEveryControlAndItsTypes) {
  const nlohmann::json schema = nlohmann::json::parse(PolicyJsonSchema());
  EXPECT_EQ(schema["required"], nlohmann::json({"apiVersion", "kind", "metadata", "spec"}));
  const nlohmann::json& spec = schema["properties"]["spec"]["properties"];
  EXPECT_EQ(spec["mode"]["enum"], nlohmann::json({"enforce", "warn", "audit"}));
  EXPECT_EQ(spec["enforcePercent"]["maximum"], 100);
  EXPECT_EQ(spec["exemptions"]["items"]["required"], nlohmann::json({"name", "match", "controls", "reason"}));
  const auto settings_of = [&](const char* control) {
    return spec["controls"]["properties"][control]["oneOf"][0]["properties"];
  };
  const nlohmann::json ports = settings_of("denied-ports")["ports"]["items"]["oneOf"];
  EXPECT_EQ(ports[0]["type"], "integer");
  EXPECT_EQ(ports[1]["properties"]["max"]["maximum"], 65'535);
  EXPECT_EQ(settings_of("run-as-group")["ranges"]["items"]["properties"]["min"]["type"], "integer");
  EXPECT_EQ(settings_of("run-as-group")["ranges"]["minItems"], 1);
  EXPECT_EQ(settings_of("run-as-group")["ranges"]["items"]["minProperties"], 1);
  EXPECT_EQ(settings_of("required-labels")["required"]["additionalProperties"]["items"]["type"], "string");
  const nlohmann::json& controls = spec["controls"]["properties"];
  EXPECT_EQ(controls.size(), AllControls().size());
  const nlohmann::json& resources = controls["resources"]["oneOf"][0]["properties"];
  EXPECT_EQ(resources["require"]["properties"]["limits"]["items"]["enum"].size(), 3u);
  EXPECT_EQ(resources["maxLimitRequestRatio"]["additionalProperties"]["type"], nlohmann::json({"string", "number"}));
  EXPECT_EQ(controls["run-as-non-root"]["oneOf"][0]["properties"]["runAsUser"]["minimum"], 1);
}

}  // namespace
}  // namespace tidewaiter
