// SPDX-License-Identifier: Apache-2.0
//
// For people: the file, the object, what is wrong, the line, and what to write instead.
#include <algorithm>
#include <iostream>
#include <set>

#include "absl/strings/str_format.h"
#include "webhook/cli/paint.h"
#include "webhook/cli/scan/formats.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// Of a line of the file; behind it is an ellipsis.
constexpr std::size_t kMostCharacters = 100;

bool IsTail(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The bytes of `text` from character `begin` on, `count` of them.
std::string_view Characters(std::string_view text, std::size_t begin, std::size_t count) {
  const auto skip = [](std::string_view rest, std::size_t characters) {
    std::size_t bytes = 0;
    while (characters > 0 && bytes < rest.size()) {
      do ++bytes;
      while (bytes < rest.size() && IsTail(rest[bytes]));
      --characters;
    }
    return bytes;
  };
  text.remove_prefix(skip(text, begin));
  return text.substr(0, skip(text, count));
}

std::size_t CountCharacters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !IsTail(c); }));
}

class TextWriter {
 public:
  TextWriter(const ScanReport& report, const FormatOptions& options, std::ostream& out)
      : report_(report), paint_(options.has_colours), out_(out) {}

  void Write() {
    for (const ScanFile& file : report_.files) WriteFile(file);
    WriteUntoldKinds();
    const ScanReport::Counts counts = report_.Count();
    out_ << paint_(counts.denied > 0     ? Paint::kRed
                   : counts.problems > 0 ? Paint::kYellow
                                         : Paint::kGreen,
                   SummaryLine(counts))
         << "\n";
  }

 private:
  static std::string_view ColourOf(Mode mode) {
    return mode == Mode::kEnforce ? Paint::kRed : mode == Mode::kWarn ? Paint::kYellow : Paint::kBlue;
  }

  void WriteFile(const ScanFile& file) {
    if (std::none_of(file.objects.begin(), file.objects.end(), IsTold)) return;
    out_ << paint_(Paint::kBold, file.path == "-" ? "standard input" : file.path) << "\n";
    for (const ScanObject& object : file.objects) {
      if (IsTold(object)) WriteObject(object);
    }
  }

  static bool IsTold(const ScanObject& object) { return !object.findings.empty() || !object.notes.empty(); }

  void WriteObject(const ScanObject& object) {
    out_ << "  " << paint_(Paint::kCyan, object.Title()) << (object.is_denied() ? " would be denied" : "") << "\n";
    std::uint32_t last_line = 0;
    for (const ScanFinding& finding : object.findings) last_line = std::max(last_line, finding.begin.line);
    const std::size_t width = std::to_string(last_line).size();
    for (const ScanFinding& finding : object.findings) WriteFinding(finding, width);
    for (const std::string& note : object.notes) out_ << "    " << paint_(Paint::kBlue, "note") << ": " << note << "\n";
    out_ << "\n";
  }

  void WriteFinding(const ScanFinding& finding, std::size_t width) {
    const std::string_view colour = ColourOf(finding.mode);
    out_ << "    " << paint_(colour, SeverityOf(finding.mode)) << ": " << MessageOf(finding) << " "
         << paint_(Paint::kFaint, StrCat("[", finding.policy, "/", finding.finding->control, "]")) << "\n";
    const std::string margin(width + 6, ' ');
    // The part of the line that holds the place, with a third of the room before it where the line is long.
    const std::size_t column = finding.begin.column - 1;
    const std::size_t skipped = column > kMostCharacters / 2 ? column - kMostCharacters / 3 : 0;
    const std::string_view line = Characters(finding.source, skipped, kMostCharacters);
    const bool is_cut = skipped + CountCharacters(line) < CountCharacters(finding.source);
    const std::string_view before = skipped > 0 ? "..." : "";
    const std::string number = finding.begin.line == 0 ? std::string() : std::to_string(finding.begin.line);
    out_ << "    " << paint_(Paint::kFaint, absl::StrFormat("%*s |", static_cast<int>(width) + 2, number)) << " "
         << before << line << (is_cut ? "..." : "") << "\n";
    const std::size_t length =
        std::clamp<std::size_t>(finding.end.column - finding.begin.column, 1,
                                std::max<std::size_t>(CountCharacters(line) - (column - skipped), 1));
    out_ << margin << paint_(Paint::kFaint, " |") << " " << std::string(before.size() + column - skipped, ' ')
         << paint_(colour, std::string(length, finding.is_missing ? '-' : '^')) << "\n";
    const std::string_view remedy = finding.finding->remedy.text();
    if (remedy.empty()) return;
    out_ << margin << paint_(Paint::kFaint, " =") << " " << RemedyVerb(finding) << ": " << paint_(Paint::kGreen, remedy)
         << "\n";
  }

  void WriteUntoldKinds() {
    std::set<std::string_view> kinds;
    for (const ScanFile& file : report_.files) kinds.insert(file.untold_kinds.begin(), file.untold_kinds.end());
    for (const std::string_view kind : kinds) {
      out_ << paint_(Paint::kYellow, "note") << ": " << kind
           << " seems to hold a pod template and was passed over: spec.workloads of a policy can tell where\n";
    }
  }

  const ScanReport& report_;
  const Paint paint_;
  std::ostream& out_;
};

}  // namespace

void WriteText(const ScanReport& report, const FormatOptions& options, std::ostream& out) {
  TextWriter(report, options, out).Write();
}

}  // namespace tidewaiter
