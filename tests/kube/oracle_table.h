// SPDX-License-Identifier: Apache-2.0
//
// Reads the tables that tests/kube/oracle writes: lines of fields separated by tabs, with escapes in octal.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"

namespace tidewaiter {

// The lines of tests/kube/testdata/`name`; no lines, and a failed test, when it cannot be read.
inline std::vector<std::string> ReadLines(const std::string& name) {
  std::ifstream file(std::string(TESTS_DIR) + "/kube/testdata/" + name);
  EXPECT_TRUE(file.is_open()) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// The same, each line cut into its unescaped fields.
inline std::vector<std::vector<std::string>> ReadTable(const std::string& name) {
  std::vector<std::vector<std::string>> table;
  for (const std::string& line : ReadLines(name)) {
    std::vector<std::string> fields = absl::StrSplit(line, '\t');
    for (std::string& field : fields) {
      std::string unescaped;
      EXPECT_TRUE(absl::CUnescape(field, &unescaped)) << field;
      field = unescaped;
    }
    table.push_back(std::move(fields));
  }
  return table;
}

}  // namespace tidewaiter
