// SPDX-License-Identifier: Apache-2.0
//
// What was fixed and what is left, and why, for people. Tested by tests/integration/fix_test.py.
#pragma once

#include <iosfwd>
#include <vector>

#include "webhook/cli/fix/fixer.h"

namespace tidewaiter {

struct FixReportOptions {
  bool has_colours = false;
  bool is_written = false;  // otherwise it only would be
};

// Files where there is nothing to tell are not named; at the end one line that sums it up.
void WriteFixReport(const std::vector<FixedFile>& files, const FixReportOptions& options, std::ostream& out);

// A unified diff, with colours as git gives them.
void WriteDiff(std::string_view diff, bool has_colours, std::ostream& out);

// Whether something that is left would be denied.
bool WouldBeDenied(const std::vector<FixedFile>& files);

}  // namespace tidewaiter
