// SPDX-License-Identifier: Apache-2.0
//
// The table of formats, and what several of them share.
#include "webhook/cli/scan/formats.h"

#include "absl/strings/str_format.h"
#include "webhook/engine/message_limits.h"
#include "webhook/kube/stable_hash.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

const std::vector<Format>& AllFormats() {
  static const std::vector<Format> formats = {
      {"text", WriteText},     {"json", WriteJsonReport}, {"sarif", WriteSarif},       {"junit", WriteJunit},
      {"github", WriteGithub}, {"gitlab", WriteGitlab},   {"markdown", WriteMarkdown}, {"html", WriteHtml, true}};
  return formats;
}

std::string Counted(std::size_t count, std::string_view singular, std::string_view plural) {
  return StrCat(count, " ", count == 1 ? singular : plural);
}

std::string SummaryLine(const ScanReport::Counts& counts) {
  std::string line =
      counts.workloads == 0 ? "no workload"
      : counts.denied == 0
          ? StrCat(Counted(counts.workloads, "workload", "workloads"),
                   counts.workloads == 1 ? " would be allowed" : ", all of them would be allowed")
          : StrCat(counts.denied, " of ", Counted(counts.workloads, "workload", "workloads"), " would be denied");
  std::string findings;
  const auto add = [&](std::size_t count, std::string_view singular, std::string_view plural) {
    if (count > 0) StrAppend(&findings, findings.empty() ? "" : ", ", Counted(count, singular, plural));
  };
  add(counts.enforce, "error", "errors");
  add(counts.warn, "warning", "warnings");
  add(counts.audit, "note", "notes");
  if (!findings.empty()) StrAppend(&line, ": ", findings);
  std::string others;
  const auto add_other = [&](std::size_t count, const std::string& text) {
    if (count > 0) StrAppend(&others, others.empty() ? "" : ", ", text);
  };
  add_other(counts.exempt, StrCat(Counted(counts.exempt, "finding", "findings"), " exempt"));
  add_other(counts.passed_over, StrCat(Counted(counts.passed_over, "other object", "other objects"), " passed over"));
  add_other(counts.owned, StrCat(counts.owned, " made by these not judged again"));
  add_other(counts.problems, StrCat(Counted(counts.problems, "problem", "problems"), " with the input"));
  return others.empty() ? line : StrCat(line, " (", others, ")");
}

std::string MessageOf(const ScanFinding& finding) { return WithoutControlCharacters(FindingMessage(*finding.finding)); }

std::string_view RemedyVerb(const ScanFinding& finding) {
  // What must not be is there, if only by another field.
  return finding.is_missing && !finding.finding->requirement.text().starts_with("must not") ? "add" : "write";
}

std::string FingerprintOf(const ScanFile& file, const ScanObject& object, const ScanFinding& finding) {
  return absl::StrFormat(
      "%016x", StableHash(StrCat(file.path, "\n", object.group, "\n", object.Title(), "\n", finding.policy, "\n",
                                 finding.finding->control, "\n", finding.finding->pointer, "\n",
                                 finding.finding->requirement.text())));
}

std::string HelpUrl(const Control& control) {
  const std::size_t begin = control.info.source.find("https://");
  if (begin == std::string_view::npos) return {};
  const std::string_view url = control.info.source.substr(begin);
  return std::string(url.substr(0, url.find_first_of(" ,;)")));
}

}  // namespace tidewaiter
