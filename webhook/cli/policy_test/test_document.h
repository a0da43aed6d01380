// SPDX-License-Identifier: Apache-2.0
//
// The file of a user's own tests of policies, `tidewaiter-test.yaml`, as plain structs with their keys; test_runner.h
// runs them, docs/policy-tests.md tells of them. Tested by tests/integration/policy_test_test.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/controls/base/settings_schema.h"
#include "webhook/policy/date.h"

namespace tidewaiter {

struct TestNamespaceDocument {
  std::string name;
  std::map<std::string, std::string, std::less<>> labels;
  static const SettingsSchema<TestNamespaceDocument>& Schema();
};

// A mapping from field path to value, kept as it is.
struct TestInjectDocument {
  const DocumentNode* node = nullptr;  // lives as long as the document
};

// What is not given is not compared; what is given is compared as a whole.
struct TestExpectDocument {
  std::string decision;
  std::optional<std::vector<std::string>> policies, deny, warn, audit, exempt;
  TestInjectDocument inject;
  static const SettingsSchema<TestExpectDocument>& Schema();
};

struct TestCaseDocument {
  std::string name, manifest, object, name_space, operation, old, user;
  TestExpectDocument expect;
  static const SettingsSchema<TestCaseDocument>& Schema();
};

struct TestFileDocument {
  std::string api_version, kind;
  std::vector<std::string> policies;
  DateSetting today;
  std::vector<TestNamespaceDocument> namespaces;
  std::vector<TestCaseDocument> tests;
  static const SettingsSchema<TestFileDocument>& Schema();
};

// A test file that was read. The document keeps the places.
struct TestFile {
  std::string path;
  DocumentNode root;
  TestFileDocument document;

  // The node of a key of the test of that number, for errors; the test itself where the key is not given.
  const DocumentNode& NodeOf(std::size_t test, std::string_view key) const;
};

// InvalidArgument with one line for the first thing wrong: file, line, column and key.
absl::StatusOr<TestFile> ReadTestFile(const std::string& path);

}  // namespace tidewaiter
