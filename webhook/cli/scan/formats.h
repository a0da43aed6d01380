// SPDX-License-Identifier: Apache-2.0
//
// A report as text for people and for the tools that show findings: one function for each format. Tested, against the
// published schemas where there are some, by tests/integration/scan_formats_test.py.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/cli/scan/report.h"
#include "webhook/controls/base/control.h"

namespace tidewaiter {

struct FormatOptions {
  bool has_colours = false;  // for those formats that people read on a terminal
};

using WriteFormat = void (*)(const ScanReport& report, const FormatOptions& options, std::ostream& out);

struct Format {
  std::string_view name;
  WriteFormat write;
  bool shows_fixes = false;  // ScanObject::remedy_diff is wanted
};

// Sorted as --help lists them.
const std::vector<Format>& AllFormats();

// Grouped by file and object, each finding with the line it is about and what to write instead.
void WriteText(const ScanReport& report, const FormatOptions& options, std::ostream& out);
// `{"findings": [...], "summary": {...}}`: the format that programs may rely on.
void WriteJsonReport(const ScanReport& report, const FormatOptions& options, std::ostream& out);
// SARIF 2.1.0 (OASIS), for code scanning.
void WriteSarif(const ScanReport& report, const FormatOptions& options, std::ostream& out);
// JUnit XML: a suite for each file, a case for each workload; those that would be denied have failed.
void WriteJunit(const ScanReport& report, const FormatOptions& options, std::ostream& out);
// Workflow commands of GitHub Actions: annotations at the lines.
void WriteGithub(const ScanReport& report, const FormatOptions& options, std::ostream& out);
// GitLab's code quality report (a part of Code Climate's format).
void WriteGitlab(const ScanReport& report, const FormatOptions& options, std::ostream& out);
// One page for a browser, which needs nothing else: findings to search and to filter, and what `fix` would write.
void WriteHtml(const ScanReport& report, const FormatOptions& options, std::ostream& out);
// Markdown, for a pull request or a job summary.
void WriteMarkdown(const ScanReport& report, const FormatOptions& options, std::ostream& out);

// `3 workloads`, `1 workload`.
std::string Counted(std::size_t count, std::string_view singular, std::string_view plural);
// One line that sums it up: `2 of 3 workloads would be denied: 5 errors, 1 warning`.
std::string SummaryLine(const ScanReport::Counts& counts);
// `container "web" must set ...`, as FindingMessage, without control characters.
std::string MessageOf(const ScanFinding& finding);
// What is to be done with the remedy: "add" it where the field is missing, or "write" it instead of what is there.
std::string_view RemedyVerb(const ScanFinding& finding);
// What stays the same when lines move: file, object, policy, control and pointer, as 16 hexadecimal digits.
std::string FingerprintOf(const ScanFile& file, const ScanObject& object, const ScanFinding& finding);
// Where the control's requirement is published; "" where that is no page.
std::string HelpUrl(const Control& control);

}  // namespace tidewaiter
