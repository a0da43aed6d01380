// SPDX-License-Identifier: Apache-2.0
//
// The keys of the file. Ids of controls are checked here: a misspelt one could never be found, and a test that expects
// nothing of it would pass for ever.
#include "webhook/cli/policy_test/test_document.h"

#include <set>
#include <utility>

#include "webhook/controls/base/control.h"
#include "webhook/policy/policy_document.h"
#include "webhook/policy/text_file.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds&, TestInjectDocument& out) {
  out.node = &node;
  if (node.kind == DocumentNode::Kind::kMapping) return absl::OkStatus();
  return WrongSettingType(node, "a mapping from field path to value");
}
std::string SettingTypeName(const TestInjectDocument&) { return "mapping"; }
std::string SettingText(const TestInjectDocument&) { return ""; }

namespace {

// CONTROL or POLICY/CONTROL.
absl::Status CheckControlName(const std::string& text) {
  const std::string id = text.substr(text.find('/') + 1);
  if (FindControl(id) != nullptr) return absl::OkStatus();
  std::vector<std::string_view> ids;
  for (const Control* control : AllControls()) ids.push_back(control->info.id);
  return InvalidArgument(StrCat(Quoted(id), " is no control", DidYouMean(id, ids)));
}

absl::Status CheckControlNames(const std::optional<std::vector<std::string>>& names) {
  for (const std::string& name : names.value_or(std::vector<std::string>())) {
    if (absl::Status status = CheckControlName(name); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

const SettingsSchema<TestNamespaceDocument>& TestNamespaceDocument::Schema() {
  using S = TestNamespaceDocument;
  static const SettingsSchema<S> schema = {
      CheckedField("name", &S::name, "its name", CheckDnsName).Required(),
      {"labels", &S::labels, "its labels, for namespaceSelector"},
  };
  return schema;
}

const SettingsSchema<TestExpectDocument>& TestExpectDocument::Schema() {
  using S = TestExpectDocument;
  static const SettingsSchema<S> schema = {
      SettingField<S>("decision", &S::decision, "what the cluster says")
          .OneOf({"allow", "warn", "deny", "refuse"})
          .Required(),
      {"policies", &S::policies, "the policies that apply, all of them"},
      CheckedField("deny", &S::deny, "the controls that deny, all of them", CheckControlNames),
      CheckedField("warn", &S::warn, "the controls that warn, all of them", CheckControlNames),
      CheckedField("audit", &S::audit, "the controls that only audit, all of them", CheckControlNames),
      CheckedField("exempt", &S::exempt, "the controls that an exemption excuses, all of them", CheckControlNames),
      {"inject", &S::inject, "what is injected: field path and value, all of it"},
  };
  return schema;
}

const SettingsSchema<TestCaseDocument>& TestCaseDocument::Schema() {
  using S = TestCaseDocument;
  static const SettingsSchema<S> schema = {
      SettingField<S>("name", &S::name, "what it shows").Required(),
      SettingField<S>("manifest", &S::manifest, "file of the object, beside this one").Required(),
      {"object", &S::object, "Kind/name of the object, where the file holds several"},
      {"namespace", &S::name_space, "of an object that names none; default: default"},
      SettingField<S>("operation", &S::operation, "default: UPDATE where old is given, else CREATE")
          .OneOf({"CREATE", "UPDATE"}),
      {"old", &S::old, "file of the object before the update"},
      {"user", &S::user, "who sends the request"},
      SettingField<S>("expect", &S::expect, "what must come of it").Required(),
  };
  return schema;
}

const SettingsSchema<TestFileDocument>& TestFileDocument::Schema() {
  using S = TestFileDocument;
  static const SettingsSchema<S> schema = {
      SettingField<S>("apiVersion", &S::api_version, "tidewaiter.dev/v1alpha1")
          .OneOf({"tidewaiter.dev/v1alpha1"})
          .Required(),
      SettingField<S>("kind", &S::kind, "PolicyTest").OneOf({"PolicyTest"}).Required(),
      {"policies", &S::policies, "files or folders, beside this one; absent: the built-in policy"},
      {"today", &S::today, "the day of the tests, for enforceFrom and until; absent: today"},
      {"namespaces", &S::namespaces, "those whose labels are known"},
      SettingField<S>("tests", &S::tests, "the tests").NotEmpty("holds no test").Required(),
  };
  return schema;
}

const DocumentNode& TestFile::NodeOf(std::size_t test, std::string_view key) const {
  const DocumentNode& node = root.Find("tests")->items[test];
  const DocumentNode* value = node.Find(key);
  return value == nullptr ? node : *value;
}

absl::StatusOr<TestFile> ReadTestFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadTextFile(path, kMaxDocumentBytes);
  if (!text.ok()) return text.status();
  absl::StatusOr<std::vector<DocumentNode>> documents = ParseYaml(*text, path);
  if (!documents.ok()) return documents.status();
  if (documents->size() != 1) return InvalidArgument(StrCat(path, ": must hold one document"));
  TestFile file{.path = path, .root = std::move(documents->front()), .document = {}};
  if (absl::Status status = TestFileDocument::Schema().Read(file.root, file.document); !status.ok()) return status;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < file.document.tests.size(); ++i) {
    const TestCaseDocument& test = file.document.tests[i];
    if (!names.insert(test.name).second) return file.NodeOf(i, "name").Error("another test has this name");
    if (test.operation == "CREATE" && !test.old.empty()) {
      return file.NodeOf(i, "old").Error("there is no old object in a CREATE");
    }
    if (test.operation == "UPDATE" && test.old.empty()) return file.NodeOf(i, "operation").Error("an UPDATE needs old");
  }
  return file;
}

}  // namespace tidewaiter
