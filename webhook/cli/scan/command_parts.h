// SPDX-License-Identifier: Apache-2.0
//
// What the commands on manifests have in common besides their input: how problems are told, and when there are colours.
// Tested by tests/integration/scan_test.py.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "webhook/cli/command_line.h"
#include "webhook/cli/scan/report.h"

namespace tidewaiter {

// A file that could not be read at all.
ScanFile UnreadFile(std::string path, const absl::Status& why);

// Every problem on standard error, whatever the format; one that many files of a chart have only once.
void TellProblems(const ScanReport& report, CommandContext& context);

// `--color`: "auto" is for a terminal on standard output, unless NO_COLOR is set.
bool WantsColours(std::string_view colour);

}  // namespace tidewaiter
