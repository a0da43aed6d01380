// SPDX-License-Identifier: Apache-2.0
//
// Every control has an example: the Pod that is denied, and one that differs from it and is allowed.
#include "webhook/cli/explain/control_example.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "webhook/controls/base/control_examples.h"
#include "webhook/kube/json.h"
#include "webhook/kube/workload.h"
#include "webhook/manifest/manifest_json.h"
#include "webhook/manifest/manifest_reader.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {
namespace {

std::size_t CountFindings(const Control& control, const std::string& settings, const std::string& fragment) {
  const auto documents = ParseYaml(settings, "settings");
  const auto parsed = control.parse(&documents->front(), StandardContext{});
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  const std::string manifest = PodManifest(fragment);
  ManifestReader reader(manifest);
  EXPECT_EQ(reader.Next(), ManifestReader::Step::kDocument);
  std::string json;
  EXPECT_FALSE(WriteManifestJson(reader.document(), 0, json).has_value());
  const auto document = JsonDocument::Parse(json);
  auto workload = DecodeWorkload(document->root(), "");
  EXPECT_TRUE(workload.ok()) << workload.status();
  workload->pod.namespace_name = workload->metadata.namespace_name;
  Findings findings;
  control.check(workload->pod, parsed->get(), findings);
  return findings.size();
}

TEST(ControlExampleTest, EveryControlHasOneThatItDeniesAndOneThatItAllows) {
  for (const Control* control : AllControls()) {
    SCOPED_TRACE(control->info.id);
    const absl::StatusOr<ControlExample> example = LoadControlExample(*control);
    ASSERT_TRUE(example.ok()) << example.status();
    EXPECT_GT(CountFindings(*control, example->settings, example->denied), 0u);
    EXPECT_EQ(CountFindings(*control, example->settings, example->allowed), 0u);
    EXPECT_GT(example->why.size(), 80u);
    EXPECT_EQ(example->why.find('\n'), std::string::npos);
    ASSERT_EQ(example->places.size(), example->findings.size());
  }
}

// A file that is left behind when a control goes.
TEST(ControlExampleTest, NoExampleIsWithoutControl) {
  std::set<std::string> ids;
  for (const Control* control : AllControls()) ids.emplace(control->info.id);
  const auto folder = std::filesystem::path(TESTS_DIR).parent_path() / "webhook" / "controls" / "examples";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_EQ(entry.path().extension(), ".yaml");
    EXPECT_TRUE(ids.contains(entry.path().stem())) << entry.path();
  }
  EXPECT_EQ(ControlExampleText("no-such-control"), "");
}

}  // namespace
}  // namespace tidewaiter
