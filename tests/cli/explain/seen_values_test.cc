// SPDX-License-Identifier: Apache-2.0
//
// Field paths of controls against objects.
#include "webhook/cli/explain/seen_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/controls/base/control.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Json = nlohmann::json;

std::vector<std::string> Seen(const Json& object, const std::string& pod_pointer, std::string_view field) {
  std::vector<std::string> lines;
  for (const SeenValue& value : FindSeenValues(object, pod_pointer, {field}).set) {
    lines.push_back(StrCat(value.pointer, "=", value.value));
  }
  return lines;
}

TEST(SeenValuesTest, Walks) {
  const Json pod = Json::parse(R"({
      "metadata": {"namespace": "shop", "annotations": {"a.io/x": "1", "a.io/y": "2", "b": "3"}},
      "spec": {"hostNetwork": true, "nodeName": null,
               "initContainers": [{"image": "i"}],
               "containers": [{"image": "a", "ports": [{"hostPort": 1}, {"containerPort": 2}]}, {"name": "b"}],
               "ephemeralContainers": [{"image": "e"}]}})");
  EXPECT_THAT(Seen(pod, "", "spec.hostNetwork"), ElementsAre("/spec/hostNetwork=true"));
  EXPECT_THAT(Seen(pod, "", "spec.nodeName"), IsEmpty());
  EXPECT_THAT(Seen(pod, "", "spec.containers[*].image"),
              ElementsAre("/spec/initContainers/0/image=\"i\"", "/spec/containers/0/image=\"a\"",
                          "/spec/ephemeralContainers/0/image=\"e\""));
  EXPECT_THAT(Seen(pod, "", "spec.containers[*].ports[*].hostPort"),
              ElementsAre("/spec/containers/0/ports/0/hostPort=1"));
  EXPECT_THAT(Seen(pod, "", "metadata.annotations[a.io/*]"),
              ElementsAre("/metadata/annotations/a.io~1x=\"1\"", "/metadata/annotations/a.io~1y=\"2\""));
  EXPECT_THAT(Seen(pod, "", "spec.volumes[*]"), IsEmpty());
  EXPECT_THAT(FindSeenValues(pod, "", {"spec.volumes[*]", "spec.hostNetwork"}).unset, ElementsAre("spec.volumes[*]"));
}

TEST(SeenValuesTest, OfATemplate) {
  const Json object = Json::parse(
      R"({"metadata": {"namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"a": "b"}},
          "spec": {"containers": [{"image": "a"}]}}}})");
  EXPECT_THAT(Seen(object, "/spec/template", "metadata.labels"),
              ElementsAre("/spec/template/metadata/labels={\"a\":\"b\"}"));
  EXPECT_THAT(Seen(object, "/spec/template", "spec.containers[*].image"),
              ElementsAre("/spec/template/spec/containers/0/image=\"a\""));
  EXPECT_THAT(Seen(object, "/spec/template", "metadata.namespace"), ElementsAre("/metadata/namespace=\"shop\""));
  EXPECT_THAT(Seen(object, "/spec/other", "spec.containers[*].image"), IsEmpty());
}

TEST(SeenValuesTest, ShowsNoValuesOfTheEnvironment) {
  const Json pod = Json::parse(R"({"spec": {"containers": [{"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}]}})");
  EXPECT_THAT(Seen(pod, "", "spec.containers[*].env[*].value"),
              ElementsAre("/spec/containers/0/env/0/value=\"...\" (7 characters that are not shown)"));
  // Whatever a control names: one that reads the whole variable would show it.
  for (const Control* control : AllControls()) {
    for (const std::string_view field : control->info.fields) {
      EXPECT_FALSE(field.ends_with("env[*]") || field.ends_with(".env") || field.ends_with("spec")) << field;
    }
  }
}

TEST(SeenValuesTest, OneValue) {
  const Json object = Json::parse(R"({"a": {"b": [1, {"c": null}]}, "d~/e": "x"})");
  EXPECT_EQ(ValueText(object, "/a/b/0"), "1");
  EXPECT_EQ(ValueText(object, "/a/b/1/c"), "");
  EXPECT_EQ(ValueText(object, "/a/b/7"), "");
  EXPECT_EQ(ValueText(object, "/a/b/0/z"), "");
  EXPECT_EQ(ValueText(object, "/d~0~1e"), "\"x\"");
}

}  // namespace
}  // namespace tidewaiter
