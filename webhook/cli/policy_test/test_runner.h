// SPDX-License-Identifier: Apache-2.0
//
// Runs the tests of a test file by the engine that answers the API server, and compares. Tested by
// tests/integration/policy_test_test.py.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/cli/policy_test/test_document.h"

namespace tidewaiter {

struct PolicyTestResult {
  std::string name;
  int line = 0;        // in the test file
  std::string object;  // "Deployment shop/web"
  std::string decision;
  std::vector<std::string> differences;  // empty: it passed

  bool has_passed() const { return differences.empty(); }
};

struct PolicyTestFileResult {
  std::string path;
  std::vector<PolicyTestResult> results;
};

// InvalidArgument, with one line for each thing that is wrong, when the policies or a manifest cannot be read, or a
// test does not say which object it means: then nothing is known of the policies.
absl::StatusOr<PolicyTestFileResult> RunTestFile(const TestFile& file, Date today);

}  // namespace tidewaiter
