// SPDX-License-Identifier: Apache-2.0
//
// Sums and names.
#include "webhook/cli/scan/report.h"

#include <algorithm>

#include "webhook/kube/text.h"

namespace tidewaiter {

bool ScanObject::is_denied() const {
  return std::any_of(findings.begin(), findings.end(), [](const ScanFinding& finding) { return finding.denies(); });
}

std::string ScanObject::Title() const { return StrCat(kind, " ", namespace_name, "/", name.empty() ? "?" : name); }

std::string ScanFile::PlaceText(SourceMark place) const {
  const std::string_view name = path == "-" ? std::string_view("standard input") : std::string_view(path);
  return place.line == 0 ? std::string(name) : StrCat(name, ":", place.line, ":", place.column);
}

ScanReport::Counts ScanReport::Count() const {
  Counts counts;
  counts.owned = owned;
  for (const ScanFile& file : files) {
    counts.files += file.objects.empty() ? 0 : 1;
    counts.passed_over += file.passed_over;
    counts.problems += file.problems.size();
    for (const ScanObject& object : file.objects) {
      ++counts.workloads;
      counts.denied += object.is_denied() ? 1 : 0;
      counts.exempt += object.exempt_findings;
      for (const ScanFinding& finding : object.findings) {
        ++(finding.mode == Mode::kEnforce ? counts.enforce : finding.mode == Mode::kWarn ? counts.warn : counts.audit);
      }
    }
  }
  return counts;
}

std::string_view SeverityOf(Mode mode) {
  switch (mode) {
    case Mode::kEnforce:
      return "error";
    case Mode::kWarn:
      return "warning";
    case Mode::kAudit:
      break;
  }
  return "note";
}

}  // namespace tidewaiter
