// SPDX-License-Identifier: Apache-2.0
//
// JUnit XML, in the form that Jenkins and GitLab read (testmoapp/junitxml). What only warns does not fail a case: it
// stands in its output.
#include <iostream>

#include "absl/strings/str_replace.h"
#include "webhook/cli/scan/formats.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

std::string Escaped(std::string_view text) {
  return absl::StrReplaceAll(ToAbsl(text),
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"\n", "&#10;"}});
}

std::string LinesOf(const ScanFile& file, const ScanObject& object, bool denying) {
  std::string lines;
  for (const ScanFinding& finding : object.findings) {
    if (finding.denies() != denying) continue;
    StrAppend(&lines, file.PlaceText(finding.begin), ": ", SeverityOf(finding.mode), ": ", MessageOf(finding), " [",
              finding.policy, "/", finding.finding->control, "]\n");
    const std::string_view remedy = finding.finding->remedy.text();
    if (!remedy.empty()) StrAppend(&lines, "  ", RemedyVerb(finding), ": ", remedy, "\n");
  }
  return lines;
}

void WriteCase(const ScanFile& file, const ScanObject& object, std::ostream& out) {
  out << "    <testcase name=\"" << Escaped(object.Title()) << "\" classname=\"" << Escaped(file.path) << "\" file=\""
      << Escaped(file.path) << "\" line=\"" << object.place.line << "\"";
  if (object.findings.empty()) {
    out << "/>\n";
    return;
  }
  out << ">\n";
  if (object.is_denied()) {
    std::size_t count = 0;
    for (const ScanFinding& finding : object.findings) count += finding.denies() ? 1 : 0;
    out << "      <failure type=\"denied\" message=\"would be denied: " << Counted(count, "violation", "violations")
        << "\">" << Escaped(LinesOf(file, object, true)) << "</failure>\n";
  }
  if (const std::string lines = LinesOf(file, object, false); !lines.empty()) {
    out << "      <system-out>" << Escaped(lines) << "</system-out>\n";
  }
  out << "    </testcase>\n";
}

}  // namespace

void WriteJunit(const ScanReport& report, const FormatOptions&, std::ostream& out) {
  const ScanReport::Counts counts = report.Count();
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tidewaiter\" tests=\""
      << counts.workloads + counts.problems << "\" failures=\"" << counts.denied << "\" errors=\"" << counts.problems
      << "\">\n";
  for (const ScanFile& file : report.files) {
    if (file.objects.empty() && file.problems.empty()) continue;
    std::size_t denied = 0;
    for (const ScanObject& object : file.objects) denied += object.is_denied() ? 1 : 0;
    out << "  <testsuite name=\"" << Escaped(file.path) << "\" tests=\"" << file.objects.size() + file.problems.size()
        << "\" failures=\"" << denied << "\" errors=\"" << file.problems.size() << "\">\n";
    for (const ScanObject& object : file.objects) WriteCase(file, object, out);
    for (const ScanProblem& problem : file.problems) {
      out << "    <testcase name=\"" << Escaped(file.PlaceText(problem.place)) << "\" classname=\""
          << Escaped(file.path) << "\"><error type=\"unreadable\" message=\"" << Escaped(problem.message)
          << "\"/></testcase>\n";
    }
    out << "  </testsuite>\n";
  }
  out << "</testsuites>\n";
}

}  // namespace tidewaiter
