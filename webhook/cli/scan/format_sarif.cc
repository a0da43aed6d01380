// SPDX-License-Identifier: Apache-2.0
//
// SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), in the subset that code scanning services show: one rule for
// each control with findings, one result for each finding, the problems with the input as notifications.
#include <iostream>
#include <map>

#include "absl/strings/escaping.h"
#include "webhook/cli/scan/formats.h"
#include "webhook/cli/version.h"
#include "webhook/kube/json_text.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// A path as a relative reference (RFC 3986): what is no unreserved character or slash is escaped.
std::string UriOf(std::string_view path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  if (path == "-") return "stdin";
  while (path.starts_with("./")) path.remove_prefix(2);
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      uri += c;
    } else {
      ((uri += '%') += kHex[static_cast<unsigned char>(c) >> 4]) += kHex[static_cast<unsigned char>(c) & 0xF];
    }
  }
  return uri;
}

std::string TextOf(std::string_view text) { return StrCat("{\"text\": ", JsonText(text), "}"); }

std::string RegionOf(SourceMark begin, SourceMark end) {
  if (begin.line == 0) return {};
  std::string region = StrCat(R"(, "region": {"startLine": )", begin.line, R"(, "startColumn": )", begin.column);
  if (end.column > begin.column) StrAppend(&region, R"(, "endLine": )", end.line, R"(, "endColumn": )", end.column);
  return region + "}";
}

std::string LocationOf(const ScanFile& file, SourceMark begin, SourceMark end) {
  return StrCat(R"("physicalLocation": {"artifactLocation": {"uri": )", JsonText(UriOf(file.path)), "}",
                RegionOf(begin, end), "}");
}

class SarifWriter {
 public:
  SarifWriter(const ScanReport& report, std::ostream& out) : report_(report), out_(out) {
    for (const ScanFile& file : report.files) {
      for (const ScanObject& object : file.objects) {
        for (const ScanFinding& finding : object.findings) rules_.emplace(finding.finding->control, 0);
      }
    }
    std::size_t index = 0;
    for (auto& [control, number] : rules_) number = index++;
  }

  void Write() {
    out_
        << R"({"$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", )"
        << R"("version": "2.1.0", "runs": [{"tool": {"driver": {"name": "tidewaiter", "version": )"
        << JsonText(kVersion) << R"(, "rules": [)";
    std::string_view separator = "\n";
    for (const auto& [control, number] : rules_) {
      out_ << separator;
      WriteRule(control);
      separator = ",\n";
    }
    out_ << "]}},\n"
         << R"("columnKind": "unicodeCodePoints", "invocations": [{"executionSuccessful": )";
    WriteProblems();
    out_ << "}],\n"
         << R"("results": [)";
    separator = "\n";
    for (const ScanFile& file : report_.files) {
      for (const ScanObject& object : file.objects) {
        for (const ScanFinding& finding : object.findings) {
          out_ << separator;
          WriteResult(file, object, finding);
          separator = ",\n";
        }
      }
    }
    out_ << "]}]}\n";
  }

 private:
  void WriteRule(std::string_view id) {
    const Control* control = FindControl(id);
    out_ << R"({"id": )" << JsonText(id);
    if (control != nullptr) {
      const ControlInfo& info = control->info;
      std::string help = StrCat(info.summary, "\n\nFields: ");
      std::string markdown = StrCat(info.summary, "\n\nFields:\n");
      for (std::size_t i = 0; i < info.fields.size(); ++i) {
        StrAppend(&help, i == 0 ? "" : ", ", info.fields[i]);
        StrAppend(&markdown, "- `", info.fields[i], "`\n");
      }
      StrAppend(&help, "\nSource: ", info.source);
      StrAppend(&markdown, "\nSource: ", info.source, "\n");
      if (!info.injects.empty()) {
        StrAppend(&help, "\nA policy can have it injected: ", info.injects);
        StrAppend(&markdown, "\nA policy can have it injected: ", info.injects, "\n");
      }
      out_ << R"(, "shortDescription": )" << TextOf(info.summary) << R"(, "help": {"text": )" << JsonText(help)
           << R"(, "markdown": )" << JsonText(markdown) << "}";
      if (const std::string url = HelpUrl(*control); !url.empty()) out_ << R"(, "helpUri": )" << JsonText(url);
      out_ << R"(, "properties": {"tags": ["security", "kubernetes", )" << JsonText(info.level) << "]}";
    }
    out_ << "}";
  }

  void WriteProblems() {
    std::string notifications;
    for (const ScanFile& file : report_.files) {
      for (const ScanProblem& problem : file.problems) {
        StrAppend(&notifications, notifications.empty() ? "\n" : ",\n", R"({"level": "error", "message": )",
                  TextOf(problem.message), R"(, "locations": [{)", LocationOf(file, problem.place, problem.place),
                  "}]}");
      }
    }
    out_ << (notifications.empty() ? "true" : "false");
    if (!notifications.empty()) out_ << R"(, "toolExecutionNotifications": [)" << notifications << "]";
  }

  void WriteResult(const ScanFile& file, const ScanObject& object, const ScanFinding& finding) {
    std::string message = StrCat(MessageOf(finding), ".");
    const std::string_view remedy = finding.finding->remedy.text();
    if (!remedy.empty()) StrAppend(&message, " To ", RemedyVerb(finding), ": ", remedy);
    out_ << R"({"ruleId": )" << JsonText(finding.finding->control) << R"(, "ruleIndex": )"
         << rules_.at(finding.finding->control) << R"(, "level": )" << JsonText(SeverityOf(finding.mode))
         << R"(, "message": )" << TextOf(message) << R"(, "locations": [{)"
         << LocationOf(file, finding.begin, finding.end) << R"(, "logicalLocations": [{"fullyQualifiedName": )"
         << JsonText(StrCat(object.Title(), finding.finding->pointer)) << R"(, "kind": "object"}]}], )"
         << R"("partialFingerprints": {"tidewaiter/v1": )" << JsonText(FingerprintOf(file, object, finding))
         << R"(}, "properties": {"policy": )" << JsonText(finding.policy) << R"(, "mode": )"
         << JsonText(ModeName(finding.mode)) << "}}";
  }

  const ScanReport& report_;
  std::ostream& out_;
  std::map<std::string_view, std::size_t> rules_;  // by control, with their number
};

}  // namespace

void WriteSarif(const ScanReport& report, const FormatOptions&, std::ostream& out) { SarifWriter(report, out).Write(); }

}  // namespace tidewaiter
