// SPDX-License-Identifier: Apache-2.0
//
// The one runner for the fixtures of all controls: what is found, what is injected, what is left.
#include "tests/testing/fixtures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAreArray;

std::vector<std::string> CheckLines(const ControlFixture& fixture, const void* settings, const Pod& pod) {
  Findings findings;
  fixture.control->check(pod, settings, findings);
  std::vector<std::string> lines;
  for (const Finding& finding : findings) {
    EXPECT_FALSE(finding.remedy.empty()) << fixture.name;
    lines.push_back(StrCat(FindingMessage(finding), " (", FieldPath(finding.pointer), ")"));
  }
  return lines;
}

TEST(FixturesTest, EachCase) {
  for (const ControlFixture& fixture : AllFixtures()) {
    SCOPED_TRACE(fixture.name + " in " + fixture.file);
    const ControlSettings settings = ParseFixtureSettings(fixture);
    Pod pod = DecodeFixturePod(fixture.pod);
    pod.namespace_name = fixture.namespace_name;
    EXPECT_THAT(CheckLines(fixture, settings.get(), pod), ElementsAreArray(fixture.findings));
    if (fixture.control->inject == nullptr) {
      EXPECT_TRUE(fixture.injected.empty());
      continue;
    }
    const Pod before = pod;
    Editor editor(pod, EditScope{});
    fixture.control->inject(settings.get(), editor);
    editor.Finish();
    std::vector<std::string> injected;
    for (const Change& change : editor.changes())
      injected.push_back(StrCat(FieldPath(change.pointer), "=", change.value));
    EXPECT_THAT(injected, ElementsAreArray(fixture.injected));
    EXPECT_THAT(editor.warnings(), ElementsAreArray(fixture.warnings));
    EXPECT_EQ(editor.tree().is_untouched(), pod == before);
    if (!injected.empty()) {
      EXPECT_THAT(CheckLines(fixture, settings.get(), pod), ElementsAreArray(fixture.remaining));
    }
  }
}

// What says to mend a finding does: written where it belongs, it takes that finding away and brings no other.
TEST(FixturesTest, FixesMend) {
  std::set<std::string_view> mended;
  for (const ControlFixture& fixture : AllFixtures()) {
    SCOPED_TRACE(fixture.name + " in " + fixture.file);
    const ControlSettings settings = ParseFixtureSettings(fixture);
    const auto check = [&](const nlohmann::json& json) {
      Pod pod = DecodeFixturePod(json);
      pod.namespace_name = fixture.namespace_name;
      Findings findings;
      fixture.control->check(pod, settings.get(), findings);
      return findings;
    };
    const auto is_at = [](const Findings& findings, const std::string& pointer, std::string_view requirement) {
      return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
        return finding.pointer == pointer && finding.requirement.text() == requirement;
      });
    };
    const Findings before = check(fixture.pod);
    for (const Finding& finding : before) {
      if (finding.fix.empty()) continue;
      const nlohmann::json value = nlohmann::json::parse(finding.fix);
      nlohmann::json pod = fixture.pod;
      nlohmann::json& place = pod[nlohmann::json::json_pointer(finding.pointer)];
      if (value.is_array() && place.is_array()) {
        place.insert(place.end(), value.begin(), value.end());
      } else {
        place = value;
      }
      const Findings after = check(pod);
      EXPECT_FALSE(is_at(after, finding.pointer, finding.requirement.text())) << FindingMessage(finding);
      EXPECT_LT(after.size(), before.size()) << FindingMessage(finding);
      mended.insert(fixture.control->info.id);
    }
  }
  EXPECT_GE(mended.size(), 15u);
}

TEST(FixturesTest, EveryControlHasCasesThatAllowDenyAndInject) {
  std::set<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(FixtureFolder()))
    folders.insert(entry.path().filename());
  for (const Control* control : AllControls()) {
    bool allows = false;
    bool denies = false;
    bool injects = false;
    for (const ControlFixture& fixture : AllFixtures()) {
      if (fixture.control != control) continue;
      allows = allows || fixture.findings.empty();
      denies = denies || !fixture.findings.empty();
      injects = injects || !fixture.injected.empty();
    }
    EXPECT_TRUE(allows && denies) << control->info.id;
    EXPECT_EQ(injects, control->inject != nullptr) << control->info.id;
    EXPECT_EQ(folders.erase(std::string(control->info.id)), 1u) << control->info.id;
  }
  EXPECT_TRUE(folders.empty()) << "a fixture folder without a control: " << *folders.begin();
}

// Each of the four container kinds must appear in a denying case, or be named in a case that allows it.
TEST(FixturesTest, EveryContainerKindIsCovered) {
  for (const Control* control : AllControls()) {
    std::set<ContainerKind> kinds;
    for (const ControlFixture& fixture : AllFixtures()) {
      if (fixture.control != control) continue;
      for (const Container& container : DecodeFixturePod(fixture.pod).containers) kinds.insert(container.kind);
    }
    EXPECT_EQ(kinds.size(), 4u) << control->info.id;
  }
}

}  // namespace
}  // namespace tidewaiter
