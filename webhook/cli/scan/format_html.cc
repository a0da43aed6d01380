// SPDX-License-Identifier: Apache-2.0
//
// A page of its own: numbers, then every workload with its findings and with what `fix` would write. Nothing is loaded,
// and nothing but its own style and script is allowed to run (see the Content-Security-Policy).
#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <tuple>

#include "webhook/cli/scan/formats.h"
#include "webhook/cli/scan/html_text.h"
#include "webhook/cli/scan/page/page.h"
#include "webhook/kube/characters.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kIcon =
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' "
    "fill='%230a58ca'/%3E%3Cpath d='M4 8l3 3 5-6' stroke='%23fff' stroke-width='2' fill='none'/%3E%3C/svg%3E";

struct Row {
  const ScanFile* file = nullptr;
  const ScanObject* object = nullptr;
  int rank = 3;  // 0: would be denied, 1: warned, 2: noted, 3: clean
};

constexpr std::string_view kStates[] = {"denied", "warned", "noted", "clean"};

int RankOf(const ScanObject& object) {
  int rank = 3;
  for (const ScanFinding& finding : object.findings) rank = std::min(rank, static_cast<int>(finding.mode));
  return rank;
}

// The bytes before the character at `column`, counted from 1.
std::size_t BytesBefore(std::string_view line, std::uint32_t column) {
  std::size_t bytes = 0;
  for (std::uint32_t i = 1; i < column && bytes < line.size(); ++i) {
    do ++bytes;
    while (bytes < line.size() && (static_cast<unsigned char>(line[bytes]) & 0xC0) == 0x80);
  }
  return bytes;
}

class HtmlWriter {
 public:
  HtmlWriter(const ScanReport& report, std::ostream& out) : report_(report), out_(out) {
    for (const ScanFile& file : report.files) {
      for (const ScanObject& object : file.objects) {
        rows_.push_back({.file = &file, .object = &object, .rank = RankOf(object)});
        ++namespaces_[object.namespace_name];
        for (const ScanFinding& finding : object.findings) ++controls_[finding.finding->control];
      }
    }
    std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.rank < b.rank; });
  }

  void Write() {
    const ScanReport::Counts counts = report_.Count();
    out_ << "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         << "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-"
         << ContentHash(kPageStyle) << "'; script-src 'sha256-" << ContentHash(kPageScript)
         << "'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
         << "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         << "<meta name=\"referrer\" content=\"no-referrer\">\n"
         << "<title>tidewaiter: " << HtmlText(SummaryLine(counts)) << "</title>\n"
         << "<link rel=\"icon\" href=\"" << kIcon << "\">\n<style>" << kPageStyle << "</style>\n</head>\n<body>\n"
         << "<a class=\"skip\" href=\"#workloads\">Skip to the workloads</a>\n"
         << "<header><h1>tidewaiter</h1><p>" << HtmlText(SummaryLine(counts)) << "</p></header>\n";
    WriteNumbers(counts);
    WriteProblems();
    WriteTables();
    WriteFilters();
    out_ << "<main id=\"workloads\" tabindex=\"-1\">\n";
    for (const Row& row : rows_) WriteRow(row);
    if (rows_.empty()) out_ << "<p>No workload was found.</p>\n";
    out_ << "</main>\n<footer><p id=\"keys\" hidden><kbd>/</kbd> search, <kbd>&darr;</kbd> <kbd>&uarr;</kbd> next and "
            "previous workload, <kbd>Enter</kbd> open and close, <kbd>Esc</kbd> in the search: clear it. What you "
            "choose "
            "is in the address of the page.</p><p>tidewaiter "
         << TIDEWAITER_VERSION << "</p></footer>\n<script>" << kPageScript << "</script>\n</body>\n</html>\n";
  }

 private:
  void WriteNumbers(const ScanReport::Counts& counts) {
    out_ << "<dl class=\"numbers\">";
    const auto number = [&](std::string_view style, std::size_t count, std::string_view label) {
      out_ << "<div class=\"" << (count > 0 ? style : "") << "\"><dt>" << label << "</dt><dd>" << count
           << "</dd></div>";
    };
    number("plain", counts.workloads, counts.workloads == 1 ? "workload" : "workloads");
    number("error", counts.denied, "would be denied");
    number("good", counts.workloads - counts.denied, "would be allowed");
    number("error", counts.enforce, counts.enforce == 1 ? "error" : "errors");
    number("warning", counts.warn, counts.warn == 1 ? "warning" : "warnings");
    if (counts.audit > 0) number("note", counts.audit, counts.audit == 1 ? "note" : "notes");
    if (counts.exempt > 0) number("plain", counts.exempt, "exempt findings");
    out_ << "</dl>\n";
  }

  void WriteProblems() {
    std::string items;
    for (const ScanFile& file : report_.files) {
      for (const ScanProblem& problem : file.problems) {
        StrAppend(&items, "<li><code>", HtmlText(file.PlaceText(problem.place)), "</code>: ", HtmlText(problem.message),
                  "</li>");
      }
    }
    std::set<std::string_view> kinds;
    for (const ScanFile& file : report_.files) kinds.insert(file.untold_kinds.begin(), file.untold_kinds.end());
    for (const std::string_view kind : kinds) {
      StrAppend(&items, "<li><code>", HtmlText(kind), "</code> seems to hold a pod template and was passed over</li>");
    }
    if (items.empty()) return;
    out_ << "<section class=\"problems\"><h2>Not judged</h2><ul>" << items << "</ul></section>\n";
  }

  void WriteTables() {
    std::map<std::string_view, std::size_t> findings;  // by namespace
    for (const Row& row : rows_) findings[row.object->namespace_name] += row.object->findings.size();
    out_ << "<div class=\"tables\">";
    WriteTable("By control", "control", controls_);
    WriteTable("By namespace", "namespace", findings);
    out_ << "</div>\n";
  }

  void WriteTable(std::string_view title, std::string_view filter,
                  const std::map<std::string_view, std::size_t>& counts) {
    std::vector<std::pair<std::string_view, std::size_t>> sorted(counts.begin(), counts.end());
    std::erase_if(sorted, [](const auto& one) { return one.second == 0; });
    if (sorted.empty()) return;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    constexpr std::size_t kBar = 110;
    out_ << "<section><h2>" << title << "</h2><div class=\"rows\" tabindex=\"0\" role=\"region\" aria-label=\"" << title
         << "\"><table><tbody>";
    for (const auto& [name, count] : sorted) {
      out_ << "<tr><th scope=\"row\"><a href=\"#" << filter << "=" << UrlText(name) << "\">" << HtmlText(name)
           << "</a></th><td class=\"count\">" << count << "</td><td class=\"bar\"><svg width=\"" << kBar
           << "\" height=\"8\" aria-hidden=\"true\"><rect width=\""
           << std::max<std::size_t>(kBar * count / sorted[0].second, 1) << "\" height=\"8\" rx=\"2\"/></svg></td></tr>";
    }
    out_ << "</tbody></table></div></section>";
  }

  // As in the query of a URL.
  static std::string UrlText(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string url;
    for (const char c : text) {
      const bool is_safe = IsLowerAlphanumeric(c) || c == '-' || c == '.';
      const auto byte = static_cast<unsigned char>(c);
      url += is_safe ? std::string(1, c) : std::string{'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
    return url;
  }

  void WriteFilters() {
    out_ << "<form id=\"filters\" role=\"search\" hidden>"
            "<label class=\"search\">Search<input type=\"search\" id=\"search\" autocomplete=\"off\" "
            "spellcheck=\"false\" "
            "aria-keyshortcuts=\"/\" placeholder=\"name, file, image, message\"></label>";
    WriteChoice("namespace", "Namespace", namespaces_);
    WriteChoice("control", "Control", controls_);
    out_ << "<label>Severity<select id=\"severity\"><option value=\"\">all</option><option>error</option>"
            "<option>warning</option><option>note</option></select></label>"
            "<label>Workloads<select id=\"state\"><option value=\"\">all</option><option value=\"denied\">would be "
            "denied"
            "</option><option value=\"warned\">only warned</option><option value=\"noted\">only noted</option>"
            "<option value=\"clean\">clean</option></select></label>"
            "<button type=\"button\" id=\"open\">Open all</button><button type=\"button\" id=\"close\">Close "
            "all</button>"
            "<button type=\"reset\">Reset</button><output id=\"shown\" aria-live=\"polite\"></output></form>\n";
  }

  void WriteChoice(std::string_view id, std::string_view label, const std::map<std::string_view, std::size_t>& values) {
    out_ << "<label>" << label << "<select id=\"" << id << "\"><option value=\"\">all</option>";
    for (const auto& [value, count] : values) {
      const std::string text = HtmlText(value);
      out_ << "<option value=\"" << text << "\">" << text << "</option>";
    }
    out_ << "</select></label>";
  }

  void WriteRow(const Row& row) {
    const ScanObject& object = *row.object;
    out_ << "<article class=\"" << kStates[row.rank] << "\" data-state=\"" << kStates[row.rank]
         << "\" data-namespace=\"" << HtmlText(object.namespace_name) << "\"><details><summary><h2>"
         << HtmlText(object.kind) << " <b>"
         << HtmlText(StrCat(object.namespace_name, "/", object.name.empty() ? "?" : object.name))
         << "</b></h2><span class=\"file\">" << HtmlText(row.file->PlaceText(object.place)) << "</span>";
    std::size_t by_mode[3] = {0, 0, 0};
    for (const ScanFinding& finding : object.findings) ++by_mode[static_cast<std::size_t>(finding.mode)];
    const auto tag = [&](Mode mode, std::string_view plural) {
      const std::size_t count = by_mode[static_cast<std::size_t>(mode)];
      const std::string_view severity = SeverityOf(mode);
      if (count > 0) out_ << "<span class=\"tag " << severity << "\">" << Counted(count, severity, plural) << "</span>";
    };
    tag(Mode::kEnforce, "errors");
    tag(Mode::kWarn, "warnings");
    tag(Mode::kAudit, "notes");
    if (object.findings.empty()) out_ << "<span class=\"tag good\">clean</span>";
    out_ << "</summary><div class=\"body\">";
    if (object.findings.empty()) out_ << "<p class=\"by\">Nothing was found.</p>";
    if (!object.findings.empty()) {
      out_ << "<ul class=\"findings\">";
      std::vector<const ScanFinding*> worst_first;
      for (const ScanFinding& finding : object.findings) worst_first.push_back(&finding);
      std::stable_sort(worst_first.begin(), worst_first.end(),
                       [](const ScanFinding* a, const ScanFinding* b) { return a->mode < b->mode; });
      for (const ScanFinding* finding : worst_first) WriteFinding(*finding);
      out_ << "</ul>";
    }
    for (const std::string& note : object.notes) out_ << "<p class=\"by\">Note: " << HtmlText(note) << "</p>";
    if (object.exempt_findings > 0) {
      out_ << "<p class=\"by\">" << Counted(object.exempt_findings, "finding is", "findings are") << " exempt.</p>";
    }
    WriteFix(object.remedy_diff);
    out_ << "</div></details></article>\n";
  }

  void WriteFinding(const ScanFinding& finding) {
    const std::string_view severity = SeverityOf(finding.mode);
    const std::string control(finding.finding->control);
    const std::string& url = UrlOf(control);
    out_ << "<li data-control=\"" << control << "\" data-severity=\"" << severity << "\"><p><span class=\"tag "
         << severity << "\">" << severity << "</span> " << HtmlText(MessageOf(finding)) << " <span class=\"by\">"
         << HtmlText(finding.policy) << "/";
    if (url.empty()) {
      out_ << control;
    } else {
      out_ << "<a href=\"" << HtmlText(url) << "\" rel=\"noopener noreferrer\">" << control << "</a>";
    }
    out_ << "</span></p>";
    const std::size_t begin = BytesBefore(finding.source, finding.begin.column);
    const std::size_t end = std::max(BytesBefore(finding.source, finding.end.column), begin);
    out_ << "<pre><span class=\"line\">" << finding.begin.line << "  </span>"
         << HtmlText(std::string_view(finding.source).substr(0, begin)) << "<mark"
         << (finding.is_missing ? " class=\"missing\"" : "") << ">"
         << HtmlText(std::string_view(finding.source).substr(begin, end - begin)) << "</mark>"
         << HtmlText(std::string_view(finding.source).substr(end)) << "</pre>";
    const std::string_view remedy = finding.finding->remedy.text();
    if (!remedy.empty()) {
      out_ << "<p class=\"remedy\">" << RemedyVerb(finding) << " <code>" << HtmlText(remedy) << "</code></p>";
    }
    out_ << "</li>";
  }

  const std::string& UrlOf(const std::string& control) {
    if (urls_.empty()) {
      for (const Control* one : AllControls()) urls_.emplace(one->info.id, HelpUrl(*one));
    }
    return urls_[control];
  }

  void WriteFix(std::string_view diff) {
    if (diff.empty()) return;
    out_ << "<div class=\"fix\"><h3>What <code>tidewaiter fix</code> would write</h3><pre tabindex=\"0\" "
            "role=\"region\" "
            "aria-label=\"Difference\">";
    while (!diff.empty()) {
      const std::string_view line = diff.substr(0, diff.find('\n'));
      diff.remove_prefix(std::min(line.size() + 1, diff.size()));
      const char sign = line.empty() ? ' ' : line[0];
      const std::string_view style = sign == '+'   ? " class=\"add\""
                                     : sign == '-' ? " class=\"cut\""
                                     : sign == '@' ? " class=\"at\""
                                                   : "";
      const bool has_return = line.ends_with('\r');
      out_ << "<span" << style << ">" << HtmlText(line.substr(0, line.size() - (has_return ? 1 : 0))) << "</span>";
    }
    out_ << "</pre></div>";
  }

  const ScanReport& report_;
  std::ostream& out_;
  std::vector<Row> rows_;
  std::map<std::string_view, std::size_t> namespaces_;
  std::map<std::string_view, std::size_t> controls_;  // findings
  std::map<std::string, std::string> urls_;
};

}  // namespace

void WriteHtml(const ScanReport& report, const FormatOptions&, std::ostream& out) { HtmlWriter(report, out).Write(); }

}  // namespace tidewaiter
