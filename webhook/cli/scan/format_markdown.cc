// SPDX-License-Identifier: Apache-2.0
//
// Markdown (GitHub's and GitLab's): the sum, a table of the workloads with findings, and the findings folded up.
#include <iostream>

#include "absl/strings/str_replace.h"
#include "webhook/cli/scan/formats.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// Beyond this a comment or a summary is refused by the forges (GitHub: 65,536 characters a comment).
constexpr std::size_t kMostWorkloads = 50;

// Text in a table cell or a list, as it is written.
std::string Plain(std::string_view text) {
  return absl::StrReplaceAll(ToAbsl(text), {{"\\", "\\\\"},
                                            {"|", "\\|"},
                                            {"<", "&lt;"},
                                            {">", "&gt;"},
                                            {"*", "\\*"},
                                            {"_", "\\_"},
                                            {"`", "\\`"},
                                            {"[", "\\["},
                                            {"]", "\\]"},
                                            {"@", "&#64;"},
                                            {"#", "\\#"},
                                            {"\n", " "}});
}

// Between backticks, as many as the text needs.
std::string Code(std::string_view text) {
  const std::string line = absl::StrReplaceAll(ToAbsl(text), {{"\n", " "}});
  const bool has_ticks = text.find('`') != std::string_view::npos;
  return has_ticks ? StrCat("`` ", line, " ``") : StrCat("`", line, "`");
}

void WriteObject(const ScanFile& file, const ScanObject& object, std::ostream& out) {
  out << "\n<details><summary>" << Plain(object.Title()) << " (" << Plain(file.PlaceText(object.place))
      << ")</summary>\n\n";
  for (const ScanFinding& finding : object.findings) {
    out << "- **" << SeverityOf(finding.mode) << "**, line " << finding.begin.line << ": " << Plain(MessageOf(finding))
        << " (" << Code(StrCat(finding.policy, "/", finding.finding->control)) << ")";
    const std::string_view remedy = finding.finding->remedy.text();
    if (!remedy.empty()) out << "  \n  " << RemedyVerb(finding) << " " << Code(remedy);
    out << "\n";
  }
  out << "\n</details>\n";
}

}  // namespace

void WriteMarkdown(const ScanReport& report, const FormatOptions&, std::ostream& out) {
  const ScanReport::Counts counts = report.Count();
  out << "## tidewaiter\n\n" << Plain(SummaryLine(counts)) << "\n";
  for (const ScanFile& file : report.files) {
    for (const ScanProblem& problem : file.problems) {
      out << "\n> **could not be judged:** " << Code(file.PlaceText(problem.place)) << ": " << Plain(problem.message)
          << "\n";
    }
  }
  if (counts.findings() == 0) return;
  out << "\n| workload | file | errors | warnings | notes |\n| --- | --- | ---: | ---: | ---: |\n";
  const auto for_each_object = [&](auto visit) {
    std::size_t seen = 0;
    for (const ScanFile& file : report.files) {
      for (const ScanObject& object : file.objects) {
        if (!object.findings.empty() && seen++ < kMostWorkloads) visit(file, object);
      }
    }
    return seen;
  };
  const std::size_t all = for_each_object([&](const ScanFile& file, const ScanObject& object) {
    std::size_t count[3] = {0, 0, 0};
    for (const ScanFinding& finding : object.findings) ++count[static_cast<std::size_t>(finding.mode)];
    out << "| " << Plain(object.Title()) << " | " << Plain(file.PlaceText(object.place)) << " | " << count[0] << " | "
        << count[1] << " | " << count[2] << " |\n";
  });
  if (all > kMostWorkloads) out << "\n" << all - kMostWorkloads << " more workloads have findings.\n";
  for_each_object([&](const ScanFile& file, const ScanObject& object) { WriteObject(file, object, out); });
}

}  // namespace tidewaiter
