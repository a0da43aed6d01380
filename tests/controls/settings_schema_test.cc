// SPDX-License-Identifier: Apache-2.0
//
// The tables that read settings: each type with its exact error, what is described for the documentation, and every
// setting of every control. Where a document's errors are put together is tests/policy/policy_loader_test.cc's matter.
#include "webhook/controls/base/settings_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/controls/base/control.h"
#include "webhook/kube/text.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;

struct Inner {
  std::int64_t count = 3;
  static const SettingsSchema<Inner>& Schema() {
    static const SettingsSchema<Inner> schema = {
        SettingField<Inner>("count", &Inner::count, "how many").AtLeast(0),
    };
    return schema;
  }
};

struct Outer {
  bool flag = true;
  std::int64_t number = 7;
  std::optional<std::int64_t> maybe;
  std::string word = "red";
  std::vector<std::string> words = {"a", "b"};
  Quantity amount;
  std::map<std::string, Quantity, std::less<>> amounts;
  Inner inner;
  std::vector<Inner> inners;
  static const SettingsSchema<Outer>& Schema() {
    using S = Outer;
    static const SettingsSchema<S> schema =
        SettingsSchema<S>{
            {"flag", &S::flag, "a flag"},
            {"number", &S::number, "a number"},
            SettingField<S>("maybe", &S::maybe, "perhaps a number").AtLeast(10),
            SettingField<S>("word", &S::word, "a word").OneOf({"red", "green", "blue"}),
            CheckedField("words", &S::words, "words",
                         [](const std::vector<std::string>& words) {
                           return words.size() > 3 ? InvalidArgument("too many words") : absl::OkStatus();
                         }),
            {"amount", &S::amount, "an amount"},
            SettingField<S>("amounts", &S::amounts, "amounts").OneOf({"cpu", "memory"}),
            {"inner", &S::inner, "one"},
            {"inners", &S::inners, "several"},
        }
            .Validate([](const S& read) {
              return read.number == 13 && !read.flag ? InvalidArgument("13 needs the flag") : absl::OkStatus();
            });
    return schema;
  }
};

DocumentNode ParseOne(const std::string& text) {
  absl::StatusOr<std::vector<DocumentNode>> documents = ParseYaml(text, "s.yaml");
  EXPECT_TRUE(documents.ok()) << documents.status();
  if (!documents.ok() || documents->empty()) return {};
  return std::move(documents->front());
}

std::string ReadOuter(const std::string& text, Outer& out) {
  const absl::Status status = Outer::Schema().Read(ParseOne(text), out);
  return std::string(MessageOf(status));
}

TEST(SettingsSchemaTest, WhatIsNotGivenKeepsItsValue) {
  for (const char* text : {"{}", "", "null"}) {
    Outer out;
    EXPECT_EQ(ReadOuter(text, out), "") << text;
    EXPECT_TRUE(out.flag);
    EXPECT_EQ(out.number, 7);
    EXPECT_FALSE(out.maybe.has_value());
    EXPECT_THAT(out.words, ElementsAre("a", "b"));
    EXPECT_EQ(out.inner.count, 3);
  }
}

TEST(SettingsSchemaTest, ReadsEachType) {
  Outer out;
  EXPECT_EQ(ReadOuter("flag: FALSE\nnumber: -9223372036854775808\nmaybe: +10\nword: 'green'\nwords: [x]\n"
                      "amount: 1.5Gi\namounts: {cpu: 100m, memory: \"1\"}\ninner: {count: 0}\ninners: [{}, {count: 1}]",
                      out),
            "");
  EXPECT_FALSE(out.flag);
  EXPECT_EQ(out.number, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(out.maybe, 10);
  EXPECT_EQ(out.word, "green");
  EXPECT_THAT(out.words, ElementsAre("x"));
  EXPECT_EQ(out.amount.text(), "1.5Gi");
  ASSERT_EQ(out.amounts.size(), 2u);
  EXPECT_EQ(out.amounts.at("cpu").text(), "100m");
  EXPECT_EQ(out.inner.count, 0);
  ASSERT_EQ(out.inners.size(), 2u);
  EXPECT_EQ(out.inners[0].count, 3);
  EXPECT_EQ(out.inners[1].count, 1);
}

TEST(SettingsSchemaTest, GivenListsAndMapsReplaceTheDefault) {
  Outer out;
  EXPECT_EQ(ReadOuter("words: []\namounts: {}\n", out), "");
  EXPECT_TRUE(out.words.empty());
  EXPECT_TRUE(out.amounts.empty());
}

TEST(SettingsSchemaTest, ExactErrors) {
  const std::pair<const char*, const char*> rows[] = {
      {"[]", "s.yaml:1:1: expected a mapping, found list"},
      {"x", "s.yaml:1:1: expected a mapping, found string \"x\""},
      {"flag: yes", "s.yaml:1:7: flag: expected a boolean, found string \"yes\"; write true"},
      {"flag: 'true'", "s.yaml:1:7: flag: expected a boolean, found string \"true\"; write it without quotes"},
      {"flag: Off", "s.yaml:1:7: flag: expected a boolean, found string \"Off\"; write false"},
      {"flag: 1", "s.yaml:1:7: flag: expected a boolean, found integer \"1\""},
      {"flag:", "s.yaml:1:1: flag: expected a boolean, found null"},  // nothing is there: the place of the key
      {"flag: ~", "s.yaml:1:7: flag: expected a boolean, found null"},
      {"flag: []", "s.yaml:1:7: flag: expected a boolean, found list"},
      {"number: 1.0", "s.yaml:1:9: number: expected an integer, found number \"1.0\""},
      {"number: '1'", "s.yaml:1:9: number: expected an integer, found string \"1\"; write it without quotes"},
      {"number: true", "s.yaml:1:9: number: expected an integer, found boolean \"true\""},
      {"number: {}", "s.yaml:1:9: number: expected an integer, found mapping"},
      {"number: 0x10", "s.yaml:1:9: number: expected an integer, found string \"0x10\""},
      {"number: 9223372036854775808", "s.yaml:1:9: number: out of range for a 64-bit integer"},
      {"maybe: 9", "s.yaml:1:8: maybe: must be at least 10, is 9"},
      {"maybe: null", "s.yaml:1:8: maybe: expected an integer, found null"},
      {"word: 1", "s.yaml:1:7: word: expected a string, found integer \"1\"; put it in quotes"},
      {"word: gren", "s.yaml:1:7: word: \"gren\" is none of red, green, blue; did you mean \"green\"?"},
      {"word: purple", "s.yaml:1:7: word: \"purple\" is none of red, green, blue"},
      {"word: ''", "s.yaml:1:7: word: \"\" is none of red, green, blue"},
      {"words: a", "s.yaml:1:8: words: expected a list, found string \"a\""},
      {"words:", "s.yaml:1:1: words: expected a list, found null"},
      {"words: {}", "s.yaml:1:8: words: expected a list, found mapping"},
      {"words: [a, 1]", "s.yaml:1:12: words[1]: expected a string, found integer \"1\"; put it in quotes"},
      {"words: [a, ~]", "s.yaml:1:12: words[1]: expected a string, found null"},
      {"words:\n  - a\n  - [b]", "s.yaml:3:5: words[1]: expected a string, found list"},
      {"words: [a, b, c, d]", "s.yaml:1:8: words: too many words"},
      {"amount: true", "s.yaml:1:9: amount: expected a quantity (such as 500m or 128Mi), found boolean \"true\""},
      {"amount: []", "s.yaml:1:9: amount: expected a quantity (such as 500m or 128Mi), found list"},
      {"amounts: []", "s.yaml:1:10: amounts: expected a mapping, found list"},
      {"amounts: {gpu: 1}", "s.yaml:1:11: amounts.gpu: \"gpu\" is none of cpu, memory; did you mean \"cpu\"?"},
      {"amounts: {cpu: 1, cpu: 1}", "given twice"},
      {"inner: 1", "s.yaml:1:8: inner: expected a mapping, found integer \"1\""},
      {"inner: {count: -1}", "s.yaml:1:16: inner.count: must be at least 0, is -1"},
      {"inner: {cuont: 1}", "s.yaml:1:9: inner.cuont: unknown key; did you mean \"count\"?"},
      {"inners: {}", "s.yaml:1:9: inners: expected a list, found mapping"},
      {"inners: [{}, {count: x}]", "s.yaml:1:22: inners[1].count: expected an integer, found string \"x\""},
      {"flagg: true", "s.yaml:1:1: flagg: unknown key; did you mean \"flag\"?"},
      {"falg: true", "s.yaml:1:1: falg: unknown key; did you mean \"flag\"?"},
      {"Flag: true", "s.yaml:1:1: Flag: unknown key; did you mean \"flag\"?"},
      {"zzzzz: true", "s.yaml:1:1: zzzzz: unknown key"},
      {"number: 13\nflag: false", "s.yaml:1:1: 13 needs the flag"},
  };
  for (const auto& [text, message] : rows) {
    if (std::string_view(message) == "given twice") {  // refused by the YAML reader already
      EXPECT_FALSE(ParseYaml(text, "s.yaml").ok());
      continue;
    }
    Outer out;
    EXPECT_EQ(ReadOuter(text, out), message) << text;
  }
}

TEST(SettingsSchemaTest, LongAndOddValuesAreShownSafely) {
  Outer out;
  const std::string error = ReadOuter("flag: \"\\n\\e[31m\\0\"", out);
  EXPECT_EQ(error, "s.yaml:1:7: flag: expected a boolean, found string \"\\n\\x1b[31m\\x00\"");
  EXPECT_LT(ReadOuter("flag: " + std::string(100'000, 'x'), out).size(), 250u);
  EXPECT_EQ(ReadOuter("k" + std::string(1'000, 'x') + ": 1", out).find('\n'), std::string::npos);
}

// Keys given twice that did not come through the YAML reader.
TEST(SettingsSchemaTest, RepeatedKeysOfABuiltNode) {
  DocumentNode node = ParseOne("flag: true\nnumber: 1\n");
  node.entries.push_back(node.entries.front());
  Outer out;
  EXPECT_EQ(MessageOf(Outer::Schema().Read(node, out)), "s.yaml:1:1: flag: given twice");
}

TEST(SettingsSchemaTest, Description) {
  struct Row {
    std::string_view key, type, default_text;
    std::size_t allowed, children;
  };
  const Row rows[] = {
      {"flag", "boolean", "true", 0, 0},
      {"number", "integer", "7", 0, 0},
      {"maybe", "integer", "", 0, 0},
      {"word", "string", "red", 3, 0},
      {"words", "list of strings", "[a, b]", 0, 0},
      {"amount", "quantity", "0", 0, 0},
      {"amounts", "map of quantity", "{}", 2, 0},
      {"inner", "mapping", "", 0, 1},
      {"inners", "list of mappings", "[]", 0, 1},
  };
  const SchemaDescription description = Outer::Schema().Describe();
  ASSERT_EQ(description.size(), std::size(rows));
  for (std::size_t i = 0; i < description.size(); ++i) {
    EXPECT_EQ(description[i].key, rows[i].key);
    EXPECT_EQ(description[i].type, rows[i].type) << rows[i].key;
    EXPECT_EQ(description[i].default_text, rows[i].default_text) << rows[i].key;
    EXPECT_EQ(description[i].bounds.one_of.size(), rows[i].allowed) << rows[i].key;
    EXPECT_EQ(description[i].children.size(), rows[i].children) << rows[i].key;
    EXPECT_FALSE(description[i].help.empty());
  }
  EXPECT_EQ(description[7].children[0].key, "count");
  EXPECT_EQ(description[7].children[0].default_text, "3");
}

TEST(DidYouMeanTest, Table) {
  const std::vector<std::string_view> names = {"image-digest", "image-tag", "image-registry", "resources", "mode"};
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"imag-digest", "image-digest"},
      {"image-tags", "image-tag"},
      {"resource", "resources"},
      {"mdoe", "mode"},
      {"Mode", "mode"},
      {"", ""},
      {"quux", ""},
      {"image", ""},
      {"image-digest", "image-digest"},
  };
  for (const auto& [name, nearest] : rows) {
    const std::string expected = nearest.empty() ? "" : StrCat("; did you mean \"", nearest, "\"?");
    EXPECT_EQ(DidYouMean(name, names), expected) << name;
  }
  EXPECT_EQ(DidYouMean(std::string(1'000'000, 'm'), names), "");
  EXPECT_EQ(DidYouMean("mode", {}), "");
}

std::string ParseSettings(const char* id, const std::string& text) {
  const Control* control = FindControl(id);
  if (control == nullptr) return "no such control";
  const DocumentNode node = ParseOne(text);
  const absl::StatusOr<ControlSettings> settings = control->parse(&node, {});
  return std::string(MessageOf(settings.status()));
}

TEST(ControlSettingsTest, EverySettingWithAValueItTakes) {
  const std::pair<const char*, const char*> rows[] = {
      {"image-digest", "{}"},
      {"image-tag", "{forbidden: []}"},
      {"image-tag", "{forbidden: [latest, 'v?', \"*-dev\"]}"},
      {"image-registry", "{allowed: [docker.io/library/*], denied: ['*/evil/*']}"},
      {"read-only-root-filesystem", "{inject: true, writablePaths: [/tmp, /var/run/], sizeLimit: 64Mi}"},
      {"read-only-root-filesystem", "{writablePaths: [], sizeLimit: 0}"},
      {"run-as-non-root", "{inject: true, runAsUser: 65532, runAsGroup: 1, forbidRootUser: false}"},
      {"resources",
       "{require: {requests: [cpu, memory, ephemeral-storage], limits: [memory]},"
       " inject: {requests: {cpu: 100m, memory: 128Mi, ephemeral-storage: 1Gi}, limits: {cpu: 100m, memory: 1e9}},"
       " maximum: {requests: {cpu: 4}, limits: {cpu: \"8\", memory: 16Gi}}, maxLimitRequestRatio: {memory: 8}}"},
      {"resources", "{require: , inject: {}, maximum: {limits: }}"},
      {"run-as-user-range", "{ranges: [{min: 1000, max: 1999}, {min: 65532}], required: false, inject: 1999}"},
      {"run-as-group", "{ranges: [{min: 0}], required: true, inject: 0}"},
      {"fs-group", "{ranges: [{max: 5}], required: true, inject: 5}"},
      {"supplemental-groups", "{ranges: [{min: 0, max: 2147483647}], requireStrict: true, inject: true}"},
      {"host-users", "{inject: true}"},
      {"service-account", "{allowed: [\"web-*\"], denied: []}"},
      {"service-account-token", "{allowedAccounts: [prometheus]}"},
      {"probes", "{require: [liveness, readiness, startup], jobs: true}"},
      {"image-pull-policy", "{allowed: [Always], allowedWithDigest: [Always, IfNotPresent, Never]}"},
      {"secret-environment", "{allowed: [\"*-config\"]}"},
      {"literal-credentials", "{names: [\"*PASSWORD*\"], allowedNames: [], detectValues: false}"},
      {"duplicate-environment", "{}"},
      {"interactive-terminal", "{ephemeral: true}"},
      {"container-runtime-sockets", "{sockets: [/run/my.sock, '\\\\.\\pipe\\mine']}"},
      {"host-paths", "{allowed: [{path: /var/log, readOnly: true}, {path: /}]}"},
      {"host-paths", "{allowed: []}"},
      {"privileged-ports", "{allowed: [80, {min: 400, max: 499}, {max: 9}]}"},
      {"denied-ports", "{ports: [1, 65535, {min: 2, max: 2}]}"},
      {"required-labels", "{required: {team: [], app.kubernetes.io/name: [\"web-*\", db]}}"},
      {"required-annotations", "{required: {example.com/owner: [\"*\"]}}"},
      {"capabilities", "{allowedAdd: [], deniedAdd: [], requiredDrop: [ALL], inject: true}"},
      {"volume-types", "{allowed: [configMap, emptyDir], denied: [hostPath]}"},
      {"default-namespace", "{denied: [default, \"kube-*\"]}"},
      {"share-process-namespace", "{}"},
      {"host-aliases", "{allowed: [\"*.example.com\"]}"},
      {"dns-policy", "{allowed: [ClusterFirst, ClusterFirstWithHostNet, Default, None]}"},
      {"priority-class", "{allowed: [\"web-*\"], denied: [], required: true}"},
      {"runtime-class", "{allowed: [gvisor], denied: [\"*-test\"], required: false}"},
      {"node-name", "{}"},
      {"empty-dir-size-limit", "{onlyMemory: true, maximum: 1Gi, memoryMaximum: 64Mi, inject: 1024Mi}"},
      {"sub-path", "{allowedTypes: []}"},
  };
  for (const auto& [id, text] : rows) EXPECT_EQ(ParseSettings(id, text), "") << id << " " << text;
}

TEST(ControlSettingsTest, ExactErrors) {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"image-digest", "{forbidden: []}", "s.yaml:1:2: forbidden: unknown key"},
      {"image-tag", "{forbidden: latest}", "s.yaml:1:13: forbidden: expected a list, found string \"latest\""},
      {"image-tag", "{forbidden: [1.2]}",
       "s.yaml:1:14: forbidden[0]: expected a string, found number \"1.2\"; put it in quotes"},
      {"image-tag", "{forbidden: ['']}",
       "s.yaml:1:14: forbidden[0]: a pattern must not be empty; use * for everything"},
      {"image-registry", "{allowed: ['a b']}",
       "s.yaml:1:12: allowed[0]: pattern \"a b\" must not contain white space or control characters"},
      {"image-registry", "{denied: [\"a\\tb\"]}",
       "s.yaml:1:11: denied[0]: pattern \"a\\tb\" must not contain white space or control characters"},
      {"image-registry", "{deny: []}", "s.yaml:1:2: deny: unknown key"},
      {"read-only-root-filesystem", "{inject: 1}", "s.yaml:1:10: inject: expected a boolean, found integer \"1\""},
      {"read-only-root-filesystem", "{writablePaths: /tmp}",
       "s.yaml:1:17: writablePaths: expected a list, found string \"/tmp\""},
      {"read-only-root-filesystem", "{writablePaths: ['']}",
       "s.yaml:1:17: writablePaths: \"\" is not an absolute path"},
      {"read-only-root-filesystem", "{writablePaths: [//]}",
       "s.yaml:1:17: writablePaths: \"/\" is the root file system itself"},
      {"read-only-root-filesystem", "{writablePaths: [/a/../b]}",
       "s.yaml:1:17: writablePaths: \"/a/../b\" holds the segment .."},
      {"read-only-root-filesystem", "{writablePaths: ['/a:b']}",
       "s.yaml:1:17: writablePaths: \"/a:b\" holds ':', which a mountPath may not"},
      {"read-only-root-filesystem", "{writablePaths: [/a/b, //a/b/]}",
       "s.yaml:1:17: writablePaths: \"//a/b/\" is given twice"},
      {"run-as-non-root", "{runAsUser: 0}", "s.yaml:1:13: runAsUser: must be at least 1, is 0"},
      {"run-as-non-root", "{runAsGroup: -5}", "s.yaml:1:14: runAsGroup: must be at least 1, is -5"},
      {"run-as-non-root", "{runAsUser: \"1000\"}",
       "s.yaml:1:13: runAsUser: expected an integer, found string \"1000\"; write it without quotes"},
      {"run-as-non-root", "{forbidRootUser: no}",
       "s.yaml:1:18: forbidRootUser: expected a boolean, found string \"no\"; write false"},
      {"resources", "{require: [cpu]}", "s.yaml:1:11: require: expected a mapping, found list"},
      {"resources", "{require: {request: [cpu]}}",
       "s.yaml:1:12: require.request: unknown key; did you mean \"requests\"?"},
      {"resources", "{require: {requests: [nvidia.com/gpu]}}",
       "s.yaml:1:23: require.requests[0]: \"nvidia.com/gpu\" is none of cpu, memory, ephemeral-storage"},
      {"resources", "{inject: {limits: {memory: -1}}}", "s.yaml:1:19: inject.limits: memory: must be above 0, is -1"},
      {"resources", "{maximum: {limits: {memory: 0}}}", "s.yaml:1:20: maximum.limits: memory: must be above 0, is 0"},
      {"resources", "{inject: {requests: {memory: 2Gi}, limits: {memory: 2G}}}",
       "s.yaml:1:1: inject.requests.memory 2Gi is above inject.limits.memory 2G"},
      {"resources", "{inject: {requests: {cpu: 2}}, maximum: {requests: {cpu: 1999m}}}",
       "s.yaml:1:1: inject.requests.cpu 2 is above maximum.requests.cpu 1999m"},
      {"resources", "{inject: {requests: {cpu: 2}}, maximum: {limits: {cpu: 1}}}",
       "s.yaml:1:1: inject.requests.cpu 2 is above maximum.limits.cpu 1"},
      {"resources", "{inject: {limits: {cpu: 2}}, maximum: {limits: {cpu: 1}}}",
       "s.yaml:1:1: inject.limits.cpu 2 is above maximum.limits.cpu 1"},
      {"resources", "{maxLimitRequestRatio: {cpu: 0}}",
       "s.yaml:1:24: maxLimitRequestRatio: cpu: must be at least 1, is 0: a limit may never be below its request"},
      {"resources", "{inject: {requests: {cpu: 100m}, limits: {cpu: 1}}, maxLimitRequestRatio: {cpu: 9}}",
       "s.yaml:1:1: inject.limits.cpu 1 is more than 9 times inject.requests.cpu 100m"},
  };
  for (const auto& [id, text, message] : rows) EXPECT_EQ(ParseSettings(id, text), message) << id << " " << text;
}

TEST(ControlSettingsTest, ExactErrorsOfFurtherControls) {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"run-as-user-range", "{ranges: []}", "s.yaml:1:10: ranges: must hold at least one range"},
      {"run-as-user-range", "{ranges: [1000]}", "s.yaml:1:11: ranges[0]: expected a mapping, found integer \"1000\""},
      {"run-as-user-range", "{ranges: [{min: 5, max: 4}]}", "s.yaml:1:11: ranges[0]: min 5 is above max 4"},
      {"run-as-user-range", "{ranges: [{}, {min: -1}]}",
       "s.yaml:1:11: ranges[0]: a range needs min, max or both: {min: 1000}"},
      {"run-as-group", "{ranges: [{max: 2147483648}]}",
       "s.yaml:1:17: ranges[0].max: must be at most 2147483647, is 2147483648"},
      {"run-as-group", "{ranges: [{mx: 1}]}", "s.yaml:1:12: ranges[0].mx: unknown key; did you mean \"max\"?"},
      {"run-as-group", "{inject: 0}", "s.yaml:1:1: inject 0 is in none of the ranges 1-2147483647"},
      {"run-as-group", "{inject: true}", "s.yaml:1:10: inject: expected an integer, found boolean \"true\""},
      {"fs-group", "{ranges: [{min: 5, max: 9}, {min: 20, max: 20}], inject: 10}",
       "s.yaml:1:1: inject 10 is in none of the ranges 5-9, 20"},
      {"fs-group", "{inject: -1}", "s.yaml:1:10: inject: must be at least 0, is -1"},
      {"supplemental-groups", "{ranges: []}", "s.yaml:1:10: ranges: must hold at least one range"},
      {"supplemental-groups", "{inject: 5}", "s.yaml:1:10: inject: expected a boolean, found integer \"5\""},
      {"host-users", "{injct: true}", "s.yaml:1:2: injct: unknown key; did you mean \"inject\"?"},
      {"service-account", "{denied: ['']}",
       "s.yaml:1:11: denied[0]: a pattern must not be empty; use * for everything"},
      {"service-account-token", "{allowedAccounts: [a b]}",
       "s.yaml:1:20: allowedAccounts[0]: pattern \"a b\" must not contain white space or control characters"},
      {"probes", "{require: []}", "s.yaml:1:11: require: must name at least one probe"},
      {"probes", "{require: [readyness]}",
       "s.yaml:1:12: require[0]: \"readyness\" is none of liveness, readiness, startup; did you mean \"readiness\"?"},
      {"image-pull-policy", "{allowed: []}", "s.yaml:1:11: allowed: must hold at least one policy"},
      {"image-pull-policy", "{allowedWithDigest: []}", "s.yaml:1:21: allowedWithDigest: must hold at least one policy"},
      {"image-pull-policy", "{allowed: [always]}",
       "s.yaml:1:12: allowed[0]: \"always\" is none of Always, IfNotPresent, Never; did you mean \"Always\"?"},
      {"secret-environment", "{allowed: s}", "s.yaml:1:11: allowed: expected a list, found string \"s\""},
      {"literal-credentials", "{names: [a, 'b c']}",
       "s.yaml:1:13: names[1]: pattern \"b c\" must not contain white space or control characters"},
      {"literal-credentials", "{names: [1]}",
       "s.yaml:1:10: names[0]: expected a string, found integer \"1\"; put it in quotes"},
      {"duplicate-environment", "{inject: true}", "s.yaml:1:2: inject: unknown key"},
      {"interactive-terminal", "{ephemeral: 1}", "s.yaml:1:13: ephemeral: expected a boolean, found integer \"1\""},
      {"container-runtime-sockets", "{sockets: []}", "s.yaml:1:11: sockets: must hold at least one path"},
      {"container-runtime-sockets", "{sockets: [docker.sock]}",
       "s.yaml:1:11: sockets: \"docker.sock\" is not an absolute path"},
      {"host-paths", "{allowed: [{readOnly: true}]}", "s.yaml:1:12: allowed[0]: key \"path\" is missing"},
      {"host-paths", "{allowed: [{path: var}]}", "s.yaml:1:19: allowed[0].path: \"var\" is not an absolute path"},
      {"host-paths", "{allowed: [/var]}", "s.yaml:1:12: allowed[0]: expected a mapping, found string \"/var\""},
      {"privileged-ports", "{allowed: ['80']}",
       "s.yaml:1:12: allowed[0]: expected a port or a range {min, max}, found string \"80\""},
      {"denied-ports", "{ports: []}", "s.yaml:1:9: ports: must hold at least one port"},
      {"denied-ports", "{ports: [22, 0]}", "s.yaml:1:14: ports[1]: must be at least 1, is 0"},
      {"denied-ports", "{ports: [65536]}", "s.yaml:1:10: ports[0]: must be at most 65535, is 65536"},
      {"denied-ports", "{ports: [{min: 9, max: 8}]}", "s.yaml:1:10: ports[0]: min 9 is above max 8"},
      {"denied-ports", "{ports: [{max: 65536}]}", "s.yaml:1:16: ports[0].max: must be at most 65535, is 65536"},
      {"required-labels", "{}", "s.yaml:1:1: key \"required\" is missing"},
      {"required-labels", "{required: {}}", "s.yaml:1:12: required: must name at least one key"},
      {"required-labels", "{required: {team: x}}", "s.yaml:1:19: required.team: expected a list, found string \"x\""},
      {"required-labels", "{required: {team: ['']}}",
       "s.yaml:1:12: required: team: a pattern must not be empty; use * for everything"},
      {"required-annotations", "{required: [team]}", "s.yaml:1:12: required: expected a mapping, found list"},
      {"capabilities", "{inject: ALL}", "s.yaml:1:10: inject: expected a boolean, found string \"ALL\""},
      {"volume-types", "{denied: [hostpath]}", nullptr},
      {"default-namespace", "{denied: []}", "s.yaml:1:10: denied: must hold at least one pattern"},
      {"host-aliases", "{allowed: [{}]}", "s.yaml:1:12: allowed[0]: expected a string, found mapping"},
      {"dns-policy", "{allowed: []}", "s.yaml:1:11: allowed: must hold at least one policy"},
      {"dns-policy", "{allowed: [Clusterfirst]}",
       "s.yaml:1:12: allowed[0]: \"Clusterfirst\" is none of ClusterFirst, ClusterFirstWithHostNet, Default, None; "
       "did you mean \"ClusterFirst\"?"},
      {"priority-class", "{denied: ['']}", "s.yaml:1:11: denied[0]: a pattern must not be empty; use * for everything"},
      {"runtime-class", "{required: gvisor}", "s.yaml:1:12: required: expected a boolean, found string \"gvisor\""},
      {"empty-dir-size-limit", "{inject: 0}", "s.yaml:1:10: inject: must be above 0, is 0"},
      {"empty-dir-size-limit", "{maximum: -1Gi}", "s.yaml:1:11: maximum: must be above 0, is -1Gi"},
      {"empty-dir-size-limit", "{inject: 2Gi, maximum: 1Gi}", "s.yaml:1:1: inject 2Gi is above maximum 1Gi"},
      {"sub-path", "{allowedTypes: [secrets]}", nullptr},
  };
  for (const auto& [id, text, message] : rows) {
    if (message == nullptr) {  // names every volume type there is
      EXPECT_NE(ParseSettings(id, text).find("did you mean"), std::string::npos) << ParseSettings(id, text);
      continue;
    }
    EXPECT_EQ(ParseSettings(id, text), message) << id << " " << text;
  }
}

// What could not be applied to any Pod must not be loaded: the API server would refuse each Pod that is patched so.
TEST(ControlSettingsTest, WhatTheApiServerWouldRefuseIsRefusedAtLoad) {
  const std::pair<const char*, const char*> rows[] = {
      {"run-as-non-root", "{runAsUser: 2147483648}"},   // IsValidUserID: at most 2^31-1
      {"run-as-non-root", "{runAsGroup: 2147483648}"},  // IsValidGroupID: the same
      {"read-only-root-filesystem", "{sizeLimit: -1}"},
  };
  for (const auto& [id, text] : rows) EXPECT_NE(ParseSettings(id, text), "") << id << " " << text;
}

TEST(ControlSettingsTest, EverySettingIsDescribed) {
  const auto check = [](const auto& self, const SchemaDescription& settings, const std::string& path) -> void {
    for (const SettingDescription& setting : settings) {
      const std::string key = path + setting.key;
      EXPECT_FALSE(setting.type.empty()) << key;
      EXPECT_FALSE(setting.help.empty()) << key;
      EXPECT_EQ(setting.help.find('\n'), std::string::npos) << key;
      self(self, setting.children, key + ".");
    }
  };
  for (const Control* control : AllControls()) {
    check(check, control->settings, StrCat(control->info.id, "."));
    EXPECT_TRUE(control->parse(nullptr, {}).ok()) << control->info.id;
  }
}

}  // namespace
}  // namespace tidewaiter
