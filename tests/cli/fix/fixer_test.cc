// SPDX-License-Identifier: Apache-2.0
//
// What `fix` promises, over the Pods of all controls' fixtures in every kind of workload and style of writing: the text
// reads as the patched object, what is left was there before, and doing it again changes nothing.
#include "webhook/cli/fix/fixer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "tests/testing/fixtures.h"
#include "webhook/cli/fix/object_fix.h"
#include "webhook/kube/json.h"
#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_json.h"
#include "webhook/manifest/manifest_writer.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::ordered_json;

// Every control that can inject does, and those that leave one remedy only are there.
constexpr std::string_view kPolicies = R"(
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: strict}
spec:
  podSecurity: {level: restricted, version: latest, inject: true}
  controls:
    read-only-root-filesystem: {inject: true, writablePaths: [/tmp], sizeLimit: 64Mi}
    resources:
      require: {requests: [cpu, memory], limits: [memory]}
      inject: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 512Mi}}
    empty-dir-size-limit: {inject: 1Gi}
    host-users: {inject: true}
    service-account-token: {inject: true}
    share-process-namespace: {}
    interactive-terminal: {ephemeral: true}
    image-tag: {}
---
apiVersion: tidewaiter.dev/v1alpha1
kind: PodPolicy
metadata: {name: watching}
spec:
  mode: warn
  podSecurity: {level: restricted, version: latest}
  controls:
    run-as-group: {inject: 1000}
    supplemental-groups: {requireStrict: true}
    capabilities: {requiredDrop: [NET_RAW]}
    host-users: {}
)";

// The Pod as the workload of some kind that makes it.
Json WorkloadOf(const Json& pod, std::size_t kind) {
  if (kind == 0) {
    Json object = {{"apiVersion", "v1"}, {"kind", "Pod"}};
    object.update(pod);
    return object;
  }
  if (kind == 1) {
    return {{"apiVersion", "apps/v1"},
            {"kind", "Deployment"},
            {"metadata", {{"name", "web"}, {"namespace", "shop"}}},
            {"spec", {{"replicas", 2}, {"template", pod}}}};
  }
  if (kind == 2) {
    return {{"apiVersion", "batch/v1"},
            {"kind", "CronJob"},
            {"metadata", {{"name", "nightly"}}},
            {"spec", {{"schedule", "0 1 * * *"}, {"jobTemplate", {{"spec", {{"template", pod}}}}}}}};
  }
  return {{"apiVersion", "v1"},
          {"kind", "List"},
          {"items", Json::array({WorkloadOf(pod, 1),
                                 {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"data", {{"a", "b"}}}},
                                 WorkloadOf(pod, 0)})}};
}

std::string Written(const Json& object, std::size_t style) {
  if (style == 0) return object.dump();
  if (style == 1) return object.dump(2) + "\n";
  const BlockStyle block = style == 2 ? BlockStyle{} : BlockStyle{.mapping = 4, .list = 2, .item = 4};
  std::string text = "# the first\n---\n";
  for (const std::string& line : WriteBlock(object, block)) {
    StrAppend(&text, line, style == 3 ? "  # said\r\n" : "\n", style == 3 ? "" : "# between\n");
  }
  return text + "---\nkind: ConfigMap\napiVersion: v1\ndata: {a: b}  # not ours";
}

std::vector<Json> ReadObjects(const Scanner& scanner, std::string_view text) {
  std::vector<Json> objects;
  ManifestReader reader(text);
  while (reader.Next() == ManifestReader::Step::kDocument) {
    scanner.ForEachWorkload(reader.document(), [&](NodeId node, const GroupVersionKind&) {
      std::string json;
      EXPECT_FALSE(WriteManifestJson(reader.document(), node, json).has_value());
      objects.push_back(Json::parse(json));
    });
  }
  return objects;
}

std::vector<Json> FixedObjects(const Scanner& scanner, std::string_view text, bool overwrites) {
  std::vector<Json> objects;
  ManifestReader reader(text);
  while (reader.Next() == ManifestReader::Step::kDocument) {
    scanner.ForEachWorkload(reader.document(), [&](NodeId node, const GroupVersionKind& kind) {
      std::string json;
      EXPECT_FALSE(WriteManifestJson(reader.document(), node, json).has_value());
      const absl::StatusOr<JsonDocument> parsed = JsonDocument::Parse(json);
      const absl::StatusOr<Json> fixed = FixObject(scanner.RequestOf(reader.document(), node, kind, parsed->root()),
                                                   scanner.context(), overwrites, Json::parse(json));
      EXPECT_TRUE(fixed.ok()) << fixed.status().ToString();
      objects.push_back(fixed.ok() ? *fixed : Json());
    });
  }
  return objects;
}

using FindingKey = std::tuple<std::string, std::string, std::string>;
std::set<FindingKey> KeysOf(const ScanObject& object) {
  std::set<FindingKey> keys;
  for (const ScanFinding& finding : object.findings) {
    keys.emplace(finding.policy, finding.finding->control, finding.finding->pointer);
  }
  return keys;
}

class FixerTest : public ::testing::Test {
 protected:
  FixerTest()
      : policies_(ParsePolicies(std::string(kPolicies), "test.yaml").value()),
        scanner_({.policies = *policies_}, "default") {}

  // Everything that holds for any text; returns how many changes were made.
  std::size_t Check(const std::string& name, const std::string& text, bool overwrites) {
    const Fixer fixer(scanner_, {.overwrites = overwrites});
    const FixedFile fixed = fixer.Fix(name, text);
    if (!fixed.before.problems.empty()) {
      EXPECT_EQ(fixed.text, text);
      return 0;
    }
    EXPECT_EQ(fixed.after.problems.size(), 0u);
    EXPECT_EQ(fixer.Fix(name, fixed.text).text, fixed.text);
    const std::vector<Json> after = ReadObjects(scanner_, fixed.text);
    const std::vector<Json> expected = FixedObjects(scanner_, text, overwrites);
    std::size_t changes = 0;
    for (std::size_t i = 0; i < fixed.objects.size(); ++i) {
      // Only a volume of the API server's, alone in its list, cannot be taken out, and what goes with it.
      const std::vector<UnwrittenChange>& unwritten = fixed.objects[i].unwritten;
      const bool is_refused = std::any_of(unwritten.begin(), unwritten.end(), [](const UnwrittenChange& one) {
        return one.change.kind == JsonChange::Kind::kRemove;
      });
      EXPECT_EQ(is_refused, !unwritten.empty());
      refused_ += is_refused ? 1 : 0;
      if (!is_refused) {
        EXPECT_EQ(nlohmann::json(after[i]), nlohmann::json(expected[i]));
      }
      changes += fixed.objects[i].changes.size();
      CheckLeft(fixed.before.objects[i], fixed.after.objects[i], overwrites);
    }
    return changes;
  }

 private:
  static void CheckLeft(const ScanObject& before, const ScanObject& after, bool overwrites) {
    const std::set<FindingKey> keys = KeysOf(before);
    for (const ScanFinding& finding : after.findings) {
      EXPECT_TRUE(
          keys.contains({std::string(finding.policy), std::string(finding.finding->control), finding.finding->pointer}))
          << "new: " << FindingMessage(*finding.finding);
      if (overwrites) {
        EXPECT_EQ(finding.finding->fix, "") << FindingMessage(*finding.finding);
      }
    }
  }

 protected:
  int refused_ = 0;
  const std::shared_ptr<const PolicySet> policies_;
  const Scanner scanner_;
};

class FixerFixturesTest : public FixerTest, public ::testing::WithParamInterface<std::size_t> {};

// Kinds and styles take turns: over the fixtures of a control each comes up.
TEST_P(FixerFixturesTest, AreFixed) {
  const std::size_t kind = GetParam();
  std::size_t changes = 0;
  std::size_t cases = 0;
  std::size_t number = 0;
  for (const ControlFixture& fixture : AllFixtures()) {
    const std::size_t style = number / 4 % 4;
    if (number++ % 4 != kind) continue;
    ++cases;
    Json pod = Json(fixture.pod);
    if (!pod.contains("metadata")) pod["metadata"] = {{"name", "p"}};
    const std::string text = Written(WorkloadOf(pod, kind), style);
    SCOPED_TRACE(StrCat(fixture.name, "\n", text));
    changes += Check(style < 2 ? "x.json" : "x.yaml", text, false);
    changes += Check(style < 2 ? "x.json" : "x.yaml", text, true);
    if (HasFailure()) return;
  }
  EXPECT_GT(cases, 80u);
  EXPECT_GT(changes, 2 * cases);
  EXPECT_LT(refused_, 15);
}
INSTANTIATE_TEST_SUITE_P(OfEachKind, FixerFixturesTest, ::testing::Range<std::size_t>(0, 4));

constexpr std::string_view kShared = R"(apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
    - name: a
      image: nginx:1.29
      securityContext: &sc
        runAsUser: 1000
    - name: b
      image: nginx:1.29
      securityContext: *sc
      volumeMounts: &mounts
        - {name: cache, mountPath: /cache}
    - name: c
      image: nginx:1.29
      volumeMounts: *mounts
  volumes:
    - {name: cache, emptyDir: {sizeLimit: 1Gi}}
)";

TEST_F(FixerTest, WhatIsSharedStaysAndIsTold) {
  const Fixer fixer(scanner_, {});
  const FixedFile fixed = fixer.Fix("p.yaml", kShared);
  ASSERT_EQ(fixed.objects.size(), 1u);
  std::map<std::string, std::string> reasons;
  for (const UnwrittenChange& unwritten : fixed.objects[0].unwritten) {
    reasons.emplace(unwritten.change.pointer, unwritten.reason);
  }
  EXPECT_EQ(reasons["/spec/containers/0/securityContext/readOnlyRootFilesystem"],
            "the alias at line 12 would bring the change there as well");
  EXPECT_EQ(reasons["/spec/containers/1/securityContext/readOnlyRootFilesystem"],
            "line 12 has an alias of what line 8 holds, which is in use there as well");
  // Nothing mounts a volume that is not there, and no volume is there for nothing.
  EXPECT_EQ(fixed.text.find("/tmp"), std::string::npos);
  EXPECT_EQ(fixed.text.find("writable"), std::string::npos);
  EXPECT_NE(fixed.text.find("memory: 512Mi"), std::string::npos);
  EXPECT_NE(fixed.text.find("securityContext: *sc\n"), std::string::npos);
  EXPECT_EQ(fixer.Fix("p.yaml", fixed.text).text, fixed.text);
}

TEST_F(FixerTest, FilesThatCannotBeReadAsAWholeStay) {
  const std::string text =
      Written(WorkloadOf({{"metadata", {{"name", "p"}}}, {"spec", {{"containers", Json::array()}}}}, 0), 2);
  const FixedFile fixed = Fixer(scanner_, {}).Fix("x.yaml", text + "\n---\na: [\n");
  EXPECT_EQ(fixed.before.problems.size(), 1u);
  EXPECT_EQ(fixed.text, text + "\n---\na: [\n");
  EXPECT_FALSE(fixed.is_changed());
}

TEST_F(FixerTest, AByteOrderMarkStaysInFront) {
  const std::string text = StrCat("\xEF\xBB\xBF", kShared);
  const FixedFile fixed = Fixer(scanner_, {}).Fix("x.yaml", text);
  EXPECT_TRUE(fixed.is_changed());
  EXPECT_EQ(fixed.text, StrCat("\xEF\xBB\xBF", Fixer(scanner_, {}).Fix("x.yaml", kShared).text));
}

TEST_F(FixerTest, OtherLineBreaksAreTold) {
  const FixedFile fixed = Fixer(scanner_, {}).Fix("x.yaml", StrCat(kShared, "# \xC2\x85# \n"));
  EXPECT_FALSE(fixed.is_changed());
  ASSERT_FALSE(fixed.objects.empty());
  ASSERT_FALSE(fixed.objects[0].unwritten.empty());
  EXPECT_EQ(fixed.objects[0].unwritten[0].reason, "the file has line breaks that are neither LF nor CRLF");
}

}  // namespace
}  // namespace tidewaiter
