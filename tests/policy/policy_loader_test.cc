// SPDX-License-Identifier: Apache-2.0
//
// Policy documents: what is read, and the exact words for everything that is wrong.
#include "webhook/policy/policy_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Lines 1 to 3 of every document below.
const std::string kHead = "apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: p}\n";

std::string ErrorOf(const std::string& text) {
  const auto policies = ParsePolicies(text, "f.yaml");
  return policies.ok() ? "ok" : std::string(MessageOf(policies.status()));
}

TEST(PolicyLoaderTest, TheBuiltInPolicy) {
  const auto policies = LoadPolicies({});
  ASSERT_TRUE(policies.ok()) << policies.status();
  ASSERT_EQ((*policies)->policies().size(), 1u);
  const Policy& policy = (*policies)->policies()[0];
  EXPECT_EQ(policy.name, "hardened");
  std::vector<std::string> controls;
  for (const AppliedControl& applied : policy.controls) {
    controls.push_back(StrCat(applied.control->info.id, " ", ModeName(applied.mode)));
  }
  EXPECT_THAT(controls, ::testing::ElementsAre("image-digest warn", "image-registry enforce", "image-tag enforce",
                                               "read-only-root-filesystem enforce", "resources enforce",
                                               "run-as-non-root enforce"));
}

TEST(PolicyLoaderTest, ModesAndSwitches) {
  const auto policies =
      ParsePolicies(kHead +
                        "spec:\n  mode: audit\n  controls:\n    run-as-non-root:\n    image-tag: true\n"
                        "    resources: {mode: enforce}\n",
                    "f.yaml");
  ASSERT_TRUE(policies.ok()) << policies.status();
  const Policy& policy = (*policies)->policies().at(0);
  EXPECT_EQ(policy.source, "f.yaml:1");
  ASSERT_EQ(policy.controls.size(), 3u);
  EXPECT_EQ(policy.controls[0].control->info.id, "image-tag");
  EXPECT_EQ(policy.controls[0].mode, Mode::kAudit);
  EXPECT_EQ(policy.controls[1].mode, Mode::kEnforce);
  EXPECT_EQ(policy.controls[2].mode, Mode::kAudit);
}

TEST(PolicyLoaderTest, ErrorsNameFileLineColumnAndKey) {
  const auto spec = [](const std::string& rest) { return kHead + "spec:\n" + rest; };
  const auto control = [](const std::string& rest) { return kHead + "spec:\n  controls:\n    " + rest + "\n"; };
  const std::pair<std::string, std::string> rows[] = {
      {"", "f.yaml: holds no document"},
      {"# nothing\n", "f.yaml: holds no document"},
      {"[]\n", "f.yaml:1:1: expected a mapping, found list"},
      {"kind: PodPolicy\n", "f.yaml:1:1: key \"apiVersion\" is missing"},
      {"apiVersion: v1\n", "f.yaml:1:13: apiVersion: \"v1\" is none of tidewaiter.dev/v1alpha1"},
      {"apiVersion: tidewaiter.dev/v1alpha1\nkind: Policy\n", "f.yaml:2:7: kind: \"Policy\" is none of PodPolicy"},
      {kHead, "f.yaml:1:1: key \"spec\" is missing"},
      {"apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {}\nspec: {controls: {image-tag: {}}}\n",
       "f.yaml:3:11: metadata: key \"name\" is missing"},
      {"apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: A_b}\nspec: {controls: {image-tag: "
       "{}}}\n",
       "f.yaml:3:18: metadata.name: must be lower-case letters, digits, '-' and '.', beginning and ending with a "
       "letter or "
       "digit"},
      {"apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: 7}\nspec: {controls: {image-tag: {}}}\n",
       "f.yaml:3:18: metadata.name: expected a string, found integer \"7\"; put it in quotes"},
      {kHead + "sepc: {}\n", "f.yaml:4:1: sepc: unknown key; did you mean \"spec\"?"},
      {kHead + "spec: 1\n", "f.yaml:4:7: spec: expected a mapping, found integer \"1\""},
      {spec("  mode: enforce\n"),
       "f.yaml:5:3: spec: asks for nothing: one of the keys \"controls\", \"podSecurity\" is missing"},
      {spec("  mode: enfroce\n  controls: {image-tag: {}}\n"),
       "f.yaml:5:9: spec.mode: \"enfroce\" is none of enforce, warn, audit; did you mean \"enforce\"?"},
      {spec("  mode: true\n"), "f.yaml:5:9: spec.mode: expected a string, found boolean \"true\"; put it in quotes"},
      {spec("  mode: warn\n  mode: warn\n"), "f.yaml:6:3: spec.mode: given twice"},
      {spec("  exemption: []\n"), "f.yaml:5:3: spec.exemption: unknown key; did you mean \"exemptions\"?"},
      {spec("  controls: []\n"),
       "f.yaml:5:13: spec.controls: expected a mapping from control id to settings, found list"},
      {spec("  match: {namespaces: [a]}\n  controls: {image-tag: {}}\n"),
       "f.yaml:5:23: spec.match.namespaces: expected a mapping, found list"},
      {spec("  match: {namespaces: {include: a}}\n  controls: {image-tag: {}}\n"),
       "f.yaml:5:33: spec.match.namespaces.include: expected a list, found string \"a\""},
      {spec("  match: {namespaces: {exclude: [1]}}\n  controls: {image-tag: {}}\n"),
       "f.yaml:5:34: spec.match.namespaces.exclude[0]: expected a string, found integer \"1\"; put it in quotes"},
      {spec("  match: {kinds: [pod]}\n  controls: {image-tag: {}}\n"),
       "f.yaml:5:19: spec.match.kinds[0]: \"pod\" is none of Pod, PodTemplate, ReplicationController, ReplicaSet, "
       "Deployment, StatefulSet, DaemonSet, Job, CronJob, and no row of spec.workloads has it; did you mean \"Pod\"?"},
      {spec("  match: {kinds: [\"*\"]}\n  controls: {image-tag: {}}\n"),
       "f.yaml:5:19: spec.match.kinds[0]: \"*\" is a pattern, and kinds are named in full; for all kinds leave out "
       "spec.match.kinds"},
      {control("run-as-non-root: {inject: off}"),
       "f.yaml:6:31: spec.controls.run-as-non-root.inject: expected a boolean, found string \"off\"; write false"},
      {control("run-as-group: {ranges: [{min: 1}, ~]}"),
       "f.yaml:6:39: spec.controls.run-as-group.ranges[1]: a range needs min, max or both: {min: 1000}"},
      {control("fs-group: {ranges: [{}]}"),
       "f.yaml:6:25: spec.controls.fs-group.ranges[0]: a range needs min, max or both: {min: 1000}"},
      {control("supplemental-groups: {ranges: []}"),
       "f.yaml:6:35: spec.controls.supplemental-groups.ranges: must hold at least one range"},
      {control("denied-ports: {ports: [22, {}]}"),
       "f.yaml:6:32: spec.controls.denied-ports.ports[1]: a range needs min, max or both: {min: 1000}"},
      {spec("  controls: {}\n"), "f.yaml:5:13: spec.controls: applies no control: the policy would judge nothing"},
      {control("run-as-nonroot: {}"),
       "f.yaml:6:5: spec.controls.run-as-nonroot: unknown control; did you mean \"run-as-non-root\"?"},
      {control("quux: {}"), "f.yaml:6:5: spec.controls.quux: unknown control; `tidewaiter controls` lists them"},
      {control("image-tag: [latest]"), "f.yaml:6:16: spec.controls.image-tag: expected a mapping, found list"},
      {control("image-tag: {mode: deny}"),
       "f.yaml:6:23: spec.controls.image-tag.mode: \"deny\" is none of enforce, warn, audit"},
      {control("image-tag: {forbiden: []}"),
       "f.yaml:6:17: spec.controls.image-tag.forbiden: unknown key; did you mean \"forbidden\"?"},
      {control("image-digest: {inject: true}"), "f.yaml:6:20: spec.controls.image-digest.inject: unknown key"},
      {control("run-as-non-root: {inject: \"true\"}"),
       "f.yaml:6:31: spec.controls.run-as-non-root.inject: expected a boolean, found string \"true\"; write it without "
       "quotes"},
      {control("run-as-non-root: {runAsUser: 0}"),
       "f.yaml:6:34: spec.controls.run-as-non-root.runAsUser: must be at least 1, is 0"},
      {control("run-as-non-root: {runAsUser: 99999999999999999999}"),
       "f.yaml:6:34: spec.controls.run-as-non-root.runAsUser: out of range for a 64-bit integer"},
      {control("read-only-root-filesystem: {writablePaths: [tmp]}"),
       "f.yaml:6:48: spec.controls.read-only-root-filesystem.writablePaths: \"tmp\" is not an absolute path"},
      {control("read-only-root-filesystem: {writablePaths: [/a, /a/]}"),
       "f.yaml:6:48: spec.controls.read-only-root-filesystem.writablePaths: \"/a/\" is given twice"},
      {control("read-only-root-filesystem: {writablePaths: [/]}"),
       "f.yaml:6:48: spec.controls.read-only-root-filesystem.writablePaths: \"/\" is the root file system itself"},
      {control("resources: {require: {limits: [memry]}}"),
       "f.yaml:6:36: spec.controls.resources.require.limits[0]: \"memry\" is none of cpu, memory, ephemeral-storage; "
       "did you "
       "mean \"memory\"?"},
      {control("resources: {inject: {limits: {gpu: 1}}}"),
       "f.yaml:6:35: spec.controls.resources.inject.limits.gpu: \"gpu\" is none of cpu, memory, ephemeral-storage; did "
       "you "
       "mean \"cpu\"?"},
      {control("resources: {inject: {limits: {cpu: 0}}}"),
       "f.yaml:6:34: spec.controls.resources.inject.limits: cpu: must be above 0, is 0"},
      {control("resources: {inject: {requests: {cpu: 2}, limits: {cpu: 1}}}"),
       "f.yaml:6:16: spec.controls.resources: inject.requests.cpu 2 is above inject.limits.cpu 1"},
      {control("resources: {inject: {limits: {cpu: 2}}, maximum: {limits: {cpu: 1}}}"),
       "f.yaml:6:16: spec.controls.resources: inject.limits.cpu 2 is above maximum.limits.cpu 1"},
      {control("resources: {inject: {limits: {cpu: 2}}, maximum: {requests: {cpu: 1}}}"),
       "f.yaml:6:16: spec.controls.resources: inject.limits.cpu 2 is above maximum.requests.cpu 1, and a container "
       "without a request requests its limit: give inject.requests.cpu"},
      {control("read-only-root-filesystem: {writablePaths: [/proc/sys]}"),
       "f.yaml:6:48: spec.controls.read-only-root-filesystem.writablePaths: \"/proc/sys\" is the kernel's: an empty "
       "directory there breaks every container"},
      {control("resources: {maxLimitRequestRatio: {cpu: 500m}}"),
       "f.yaml:6:39: spec.controls.resources.maxLimitRequestRatio: cpu: must be at least 1, is 500m: a limit may never "
       "be "
       "below its request"},
  };
  for (const auto& [text, message] : rows) EXPECT_EQ(ErrorOf(text), message) << text;
  EXPECT_THAT(ErrorOf(control("resources: {inject: {limits: {memory: 1GB}}}")),
              HasSubstr("f.yaml:6:43: spec.controls.resources.inject.limits.memory: "));
  EXPECT_THAT(ErrorOf(control("image-registry: {allowed: [\"\"]}")),
              HasSubstr("f.yaml:6:32: spec.controls.image-registry.allowed[0]: "));
}

TEST(PolicyLoaderTest, AllErrorsAtOnce) {
  const std::string bad = kHead + "spec:\n  controls:\n    a-b: {}\n    c-d: {}\n";
  const std::string error = ErrorOf(bad + "---\n" + kHead + "spec: {controls: {image-tag: {}}, x: 1}\n");
  EXPECT_THAT(error, HasSubstr("f.yaml:6:5: spec.controls.a-b: unknown control"));
  EXPECT_THAT(error, HasSubstr("\nf.yaml:7:5: spec.controls.c-d: unknown control"));
  EXPECT_THAT(error, HasSubstr("\nf.yaml:12:35: spec.x: unknown key"));
}

TEST(PolicyLoaderTest, ErrorsWithoutEndAreCounted) {
  std::string text = kHead + "spec:\n  controls:\n";
  for (int i = 0; i < 250; ++i) StrAppend(&text, "    quux-", i, ": {}\n");
  const std::string error = ErrorOf(text);
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 100);
  EXPECT_THAT(error, ::testing::EndsWith("\nand 150 more errors"));
}

// Of what is only counted no text is worked out: a list without end of misspelt names costs linear time.
TEST(PolicyLoaderTest, ManyErrorsAreFoundQuickly) {
  const std::string spec = "spec:\n  controls: {image-tag: {}}\n";
  std::string controls = kHead + "spec:\n  controls:\n", kinds = kHead + spec + "  match:\n    kinds:\n",
              exempt = kHead + spec + "  exemptions:\n    - name: e\n      reason: r\n      match: {names: [a]}\n" +
                       "      controls:\n",
              rows = kHead + spec + "  workloads:\n";
  for (int i = 0; i < 20'000; ++i) {
    StrAppend(&controls, "    image-tagg", i, ": {}\n");
    StrAppend(&kinds, "      - Deploymen", i, "\n");
    StrAppend(&exempt, "        - image-tagg", i, "\n");
    StrAppend(&rows, "    - {group: a", i, ".io, kind: R, template: /spec/t}\n");
  }
  for (const std::string& text : {controls, kinds, exempt, rows}) {  // were it quadratic, they would not end in time
    EXPECT_THAT(ErrorOf(text), ::testing::AnyOf("ok", ::testing::EndsWith("\nand 19900 more errors")));
  }
}

TEST(PolicyLoaderTest, ErrorsOfTheWholeDocument) {
  const auto spec = [](const std::string& rest) { return kHead + "spec:\n  controls: {image-tag: {}}\n" + rest; };
  const auto exemption = [&](const std::string& rest) { return spec("  exemptions:\n    - {" + rest + "}\n"); };
  const std::string whole = "name: e, reason: r, controls: [\"*\"], match: {names: [a]}";
  EXPECT_EQ(ErrorOf(exemption(whole)), "ok");
  const std::pair<std::string, std::string> rows[] = {
      {spec("  enforceFrom: 2027-02-30\n"),
       "f.yaml:6:16: spec.enforceFrom: expected a date such as 2027-01-31, found string \"2027-02-30\""},
      {spec("  enforceFrom: 2027\n"),
       "f.yaml:6:16: spec.enforceFrom: expected a date such as 2027-01-31, found integer \"2027\""},
      {spec("  enforcePercent: 101\n"), "f.yaml:6:19: spec.enforcePercent: must be at most 100, is 101"},
      {spec("  enforcePercent: half\n"),
       "f.yaml:6:19: spec.enforcePercent: expected an integer, found string \"half\""},
      {spec("  podSecurity: {}\n"), "f.yaml:6:16: spec.podSecurity: key \"level\" is missing"},
      {spec("  podSecurity: {level: strict}\n"),
       "f.yaml:6:24: spec.podSecurity.level: \"strict\" is none of baseline, restricted"},
      {spec("  podSecurity: {level: baseline, version: 1.30}\n"),
       "f.yaml:6:43: spec.podSecurity.version: expected latest, or v1.N such as v1.34, found number \"1.30\"; write "
       "v1.30"},
      {spec("  podSecurity: {level: baseline, version: \"1.30\"}\n"),
       "f.yaml:6:43: spec.podSecurity.version: \"1.30\" is no version: expected latest, or v1.N such as v1.34; write "
       "v1.30"},
      {spec("  podSecurity: {level: baseline, version: v2}\n"),
       "f.yaml:6:43: spec.podSecurity.version: \"v2\" is no version: expected latest, or v1.N such as v1.34"},
      {spec("  match: {namespaceSelector: {matchLabels: {\"a b\": c}}}\n"),
       "f.yaml:6:30: spec.match.namespaceSelector: "},
      {spec("  match: {objectSelector: {matchExpressions: [{key: a, operator: in}]}}\n"),
       "f.yaml:6:66: spec.match.objectSelector.matchExpressions[0].operator: \"in\" is none of In, NotIn, Exists, "
       "DoesNotExist; did you mean \"In\"?"},
      {spec("  match: {objectSelector: {matchExpressions: [{key: a, operator: In}]}}\n"),
       "f.yaml:6:27: spec.match.objectSelector: "},
      {spec("  match: {kinds: [Rolout]}\n  workloads:\n    - {group: a.io, kind: Rollout, template: /spec/t}\n"),
       "f.yaml:6:19: spec.match.kinds[0]: \"Rolout\" is none of "},
      {spec("  workloads: [{group: apps, kind: Deployment, template: /spec/template}]\n"),
       "f.yaml:6:15: spec.workloads[0]: is built in already"},
      {spec("  workloads: [{group: a.io, kind: R, template: spec.template}]\n"),
       "f.yaml:6:48: spec.workloads[0].template: \"spec.template\" is no path such as /spec/template or "
       "/spec/jobs/*/template"},
      {exemption("name: e, controls: [\"*\"], match: {names: [a]}"),
       "f.yaml:7:7: spec.exemptions[0]: key \"reason\" is missing"},
      {exemption("name: e, reason: \" \", controls: [\"*\"], match: {names: [a]}"),
       "f.yaml:7:25: spec.exemptions[0].reason: must say something"},
      {exemption("name: e, reason: r, controls: [\"*\"], match: {}"),
       "f.yaml:7:52: spec.exemptions[0].match: names nothing, which would exempt everything"},
      {exemption("name: e, reason: r, controls: [], match: {names: [a]}"),
       "f.yaml:7:38: spec.exemptions[0].controls: names no control; use \"*\" for all"},
      {exemption("name: e, reason: r, controls: [imag-tag], match: {names: [a]}"),
       "f.yaml:7:39: spec.exemptions[0].controls[0]: \"imag-tag\" is no control; did you mean \"image-tag\"?"},
      {exemption("name: e, reason: r, controls: [\"*\"], match: {names: [\"\"]}"),
       "f.yaml:7:61: spec.exemptions[0].match.names[0]: a pattern must not be empty; use * for everything"},
      {exemption("name: e, reason: r, controls: [\"*\"], match: {users: [\"system:*\"]}"),
       "f.yaml:7:61: spec.exemptions[0].match.users[0]: \"system:*\" holds the replicaset-controller, which creates "
       "the "
       "Pods of everybody's workloads: exempt by name, image or service account instead"},
      {exemption(whole + ", until: tomorrow"),
       "f.yaml:7:73: spec.exemptions[0].until: expected a date such as 2027-01-31, found string \"tomorrow\""},
      {exemption(whole + "}\n    - {" + whole), "f.yaml:8:14: spec.exemptions[1].name: given twice in this policy"},
  };
  for (const auto& [text, message] : rows) EXPECT_THAT(ErrorOf(text), ::testing::StartsWith(message)) << text;
}

class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / StrCat("tidewaiter-policies-", getpid());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& policy) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: " << policy
                        << "}\nspec: {controls: {image-tag: {}}}\n";
    return path.string();
  }

  fs::path folder_;
};

TEST_F(FolderTest, ReadsAFolderAsAConfigMapIsMounted) {
  Write("..2026_01_01/b.yaml", "b");
  fs::create_directory_symlink("..2026_01_01", folder_ / "..data");
  fs::create_symlink("..data/b.yaml", folder_ / "b.yaml");
  Write("a.yml", "a");
  std::ofstream(folder_ / "README.md") << "not YAML: [";
  const auto policies = LoadPolicies({folder_.string()});
  ASSERT_TRUE(policies.ok()) << policies.status();
  ASSERT_EQ((*policies)->policies().size(), 2u);
  EXPECT_EQ((*policies)->policies()[0].name, "a");
  EXPECT_EQ((*policies)->policies()[1].name, "b");
}

TEST_F(FolderTest, NamesAreUniqueOverAllFiles) {
  const std::string first = Write("a.yaml", "same");
  const std::string second = Write("b.yaml", "same");
  const auto policies = LoadPolicies({first, second});
  ASSERT_FALSE(policies.ok());
  EXPECT_EQ(MessageOf(policies.status()),
            StrCat(second, ":1: metadata.name: \"same\" is the name of the policy at ", first, ":1 as well"));
}

TEST_F(FolderTest, NothingToRead) {
  const std::string missing = (folder_ / "missing.yaml").string();
  EXPECT_THAT(std::string(MessageOf(LoadPolicies({missing}).status())), HasSubstr(missing + ": cannot be read: "));
  const auto empty = LoadPolicies({folder_.string()});
  const std::string pipe = (folder_ / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(MessageOf(LoadPolicies({pipe}).status()), pipe + ": holds no document") << "nobody writes to it";
  EXPECT_EQ(MessageOf(empty.status()), folder_.string() + ": holds no *.yaml or *.yml file");
}

}  // namespace
}  // namespace tidewaiter
