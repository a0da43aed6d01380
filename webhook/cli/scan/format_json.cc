// SPDX-License-Identifier: Apache-2.0
//
// JSON, written as it goes: a report of a large repository is not held in memory a second time.
#include <iostream>

#include "webhook/cli/scan/formats.h"
#include "webhook/kube/json_text.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

void WriteJsonReport(const ScanReport& report, const FormatOptions&, std::ostream& out) {
  out << R"({"findings": [)";
  std::string_view separator = "\n";
  for (const ScanFile& file : report.files) {
    for (const ScanObject& object : file.objects) {
      for (const ScanFinding& finding : object.findings) {
        out << separator << R"(  {"policy": )" << JsonText(finding.policy) << R"(, "control": )"
            << JsonText(finding.finding->control) << R"(, "mode": )" << JsonText(ModeName(finding.mode))
            << R"(, "file": )" << JsonText(file.path) << R"(, "line": )" << finding.begin.line << R"(, "kind": )"
            << JsonText(object.kind) << R"(, "namespace": )" << JsonText(object.namespace_name) << R"(, "name": )"
            << JsonText(object.name) << R"(, "container": )" << JsonText(finding.finding->container)
            << R"(, "pointer": )" << JsonText(finding.finding->pointer) << R"(, "message": )"
            << JsonText(MessageOf(finding)) << R"(, "remedy": )" << JsonText(finding.finding->remedy.text()) << "}";
        separator = ",\n";
      }
    }
  }
  const ScanReport::Counts counts = report.Count();
  out << (separator == "\n" ? "" : "\n") << R"(], "summary": {"workloads": )" << counts.workloads << R"(, "findings": )"
      << counts.findings() << R"(, "denied": )" << counts.denied << "}}\n";
}

}  // namespace tidewaiter
