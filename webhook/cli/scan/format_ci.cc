// SPDX-License-Identifier: Apache-2.0
//
// What the two great forges show at the lines of a change: workflow commands of GitHub Actions
// (docs.github.com, "Workflow commands"), and GitLab's code quality report (docs.gitlab.com, "Code Quality").
#include <algorithm>
#include <iostream>
#include <map>

#include "absl/strings/str_replace.h"
#include "webhook/cli/scan/formats.h"
#include "webhook/kube/json_text.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

std::string EscapedData(std::string_view text) {
  return absl::StrReplaceAll(ToAbsl(text), {{"%", "%25"}, {"\r", "%0D"}, {"\n", "%0A"}});
}
std::string EscapedProperty(std::string_view text) {
  return absl::StrReplaceAll(ToAbsl(text), {{"%", "%25"}, {"\r", "%0D"}, {"\n", "%0A"}, {":", "%3A"}, {",", "%2C"}});
}

std::string WithRemedy(const ScanFinding& finding) {
  const std::string_view remedy = finding.finding->remedy.text();
  return remedy.empty() ? MessageOf(finding) : StrCat(MessageOf(finding), "\n", RemedyVerb(finding), ": ", remedy);
}

std::string PlaceProperties(const ScanFile& file, SourceMark begin, SourceMark end) {
  std::string text = StrCat("file=", EscapedProperty(file.path));
  if (begin.line > 0) StrAppend(&text, ",line=", begin.line, ",col=", begin.column);
  if (end.column > begin.column) StrAppend(&text, ",endColumn=", end.column);
  return text;
}

// The severities of Code Climate: info, minor, major, critical, blocker.
std::string_view GitlabSeverity(Mode mode) {
  return mode == Mode::kEnforce ? "major" : mode == Mode::kWarn ? "minor" : "info";
}

}  // namespace

void WriteGithub(const ScanReport& report, const FormatOptions&, std::ostream& out) {
  for (const ScanFile& file : report.files) {
    for (const ScanObject& object : file.objects) {
      for (const ScanFinding& finding : object.findings) {
        const std::string_view severity = finding.mode == Mode::kAudit ? "notice" : SeverityOf(finding.mode);
        out << "::" << severity << " " << PlaceProperties(file, finding.begin, finding.end) << ",title="
            << EscapedProperty(StrCat(object.Title(), " [", finding.policy, "/", finding.finding->control, "]"))
            << "::" << EscapedData(WithRemedy(finding)) << "\n";
      }
    }
    for (const ScanProblem& problem : file.problems) {
      out << "::error " << PlaceProperties(file, problem.place, problem.place)
          << ",title=could not be judged::" << EscapedData(problem.message) << "\n";
    }
  }
}

void WriteGitlab(const ScanReport& report, const FormatOptions&, std::ostream& out) {
  std::map<std::string, int> fingerprints;  // GitLab takes two alike for one
  std::string_view separator = "[\n";
  for (const ScanFile& file : report.files) {
    const std::string_view path = file.path.starts_with("./") ? std::string_view(file.path).substr(2) : file.path;
    for (const ScanObject& object : file.objects) {
      for (const ScanFinding& finding : object.findings) {
        std::string fingerprint = FingerprintOf(file, object, finding);
        if (const int before = fingerprints[fingerprint]++; before > 0) StrAppend(&fingerprint, "-", before);
        out << separator << R"(  {"description": )" << JsonText(StrCat(object.Title(), ": ", MessageOf(finding)))
            << R"(, "check_name": )" << JsonText(finding.finding->control) << R"(, "fingerprint": )"
            << JsonText(fingerprint) << R"(, "severity": )" << JsonText(GitlabSeverity(finding.mode))
            << R"(, "location": {"path": )" << JsonText(path) << R"(, "lines": {"begin": )"
            << std::max(finding.begin.line, 1u) << "}}}";
        separator = ",\n";
      }
    }
  }
  out << (separator == "[\n" ? "[]\n" : "\n]\n");
}

}  // namespace tidewaiter
