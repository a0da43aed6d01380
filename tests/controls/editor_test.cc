// SPDX-License-Identifier: Apache-2.0
//
// Edits that meet other edits of the same Pod. Each edit alone is covered by the fixtures of the control that makes it.
#include "webhook/controls/base/editor.h"

#include <gtest/gtest.h>

#include "tests/testing/fixtures.h"

namespace tidewaiter {
namespace {

// A volume that one control adds and another bounds stands in the patch once, with its limit.
TEST(EditorTest, AddedVolumesCanBeBounded) {
  for (const char* volumes : {"[]", R"([{"name": "a", "emptyDir": {}}, {"name": "b"}])"}) {
    const nlohmann::json json = {
        {"spec", {{"containers", {{{"name", "c"}, {"image", "i"}}}}, {"volumes", nlohmann::json::parse(volumes)}}}};
    Pod pod = DecodeFixturePod(json);
    const std::size_t before = pod.volumes.size();
    Editor editor(pod, EditScope{});
    editor.AddEmptyDir("x", {});
    editor.AddEmptyDir("y", {});
    for (std::size_t i = 0; i < pod.volumes.size(); ++i) {
      if (i != before) editor.SetEmptyDirSizeLimit(i, *Quantity::Parse("1Gi"));
    }
    EXPECT_EQ(pod.volumes[before].empty_dir->size_limit, std::nullopt);
    EXPECT_EQ(pod.volumes[before + 1].empty_dir->size_limit, *Quantity::Parse("1Gi"));
    const ChangeNode& list = editor.tree().members.at("spec").members.at("volumes");
    ASSERT_EQ(list.appended.size(), 2u);
    EXPECT_EQ(list.appended[0], R"({"name":"x","emptyDir":{}})");
    EXPECT_EQ(list.appended[1], R"({"name":"y","emptyDir":{"sizeLimit":"1Gi"}})");
    EXPECT_EQ(list.members.size(), before);
    EXPECT_EQ(list.is_new, before == 0);
  }
}

TEST(EditorTest, CapabilitiesAreDroppedBehindThoseThatAre) {
  const nlohmann::json json = nlohmann::json::parse(
      R"({"spec": {"containers": [{"name": "c", "image": "i", "securityContext": {"capabilities": {"drop": ["A"]}}}]}})");
  Pod pod = DecodeFixturePod(json);
  Editor editor(pod, EditScope{});
  editor.DropCapability(0, "B");
  editor.DropAllCapabilities(0);
  EXPECT_EQ(pod.containers[0].security_context->capabilities->drop, (std::vector<std::string_view>{"A", "B", "ALL"}));
  ASSERT_EQ(editor.changes().size(), 2u);
  EXPECT_EQ(editor.changes()[0].pointer, "/spec/containers/0/securityContext/capabilities/drop/1");
  EXPECT_EQ(editor.changes()[1].value, "\"ALL\"");
}

}  // namespace
}  // namespace tidewaiter
