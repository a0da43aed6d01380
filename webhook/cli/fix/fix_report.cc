// SPDX-License-Identifier: Apache-2.0
//
// By file and object, in the words of `scan`.
#include "webhook/cli/fix/fix_report.h"

#include <algorithm>
#include <iostream>
#include <set>
#include <tuple>

#include "webhook/cli/scan/formats.h"
#include "webhook/engine/message_limits.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_writer.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kBold = "1";
constexpr std::string_view kRed = "31";
constexpr std::string_view kYellow = "33";
constexpr std::string_view kBlue = "34";
constexpr std::string_view kGreen = "32";
constexpr std::string_view kCyan = "36";
constexpr std::string_view kFaint = "2";
constexpr std::size_t kMostValueBytes = 200;

std::string Describe(const JsonChange& change) {
  std::string path = FieldPath(change.pointer);
  if (change.kind == JsonChange::Kind::kRemove) return StrCat(path, " taken out");
  if (change.kind == JsonChange::Kind::kAppend) path += "[]";
  const std::string value = WriteFlow(change.value, {}, "");
  return WithoutControlCharacters(StrCat(path, ": ", Shorten(value, kMostValueBytes)));
}

bool IsBelow(std::string_view pointer, std::string_view root) {
  return pointer.starts_with(root) && (pointer.size() == root.size() || pointer[root.size()] == '/');
}

// Why it is still there.
std::string ReasonFor(const ScanFinding& finding, const FixedObject& fixed) {
  const Finding& found = *finding.finding;
  for (const UnwrittenChange& unwritten : fixed.unwritten) {
    if (IsBelow(found.pointer, unwritten.change.pointer) || IsBelow(unwritten.change.pointer, found.pointer)) {
      return unwritten.reason;
    }
  }
  const std::string_view remedy = found.remedy.text();
  const std::string what = remedy.empty() ? "" : StrCat(": ", RemedyVerb(finding), ": ", remedy);
  return found.fix.empty() ? StrCat("a person has to choose", what)
                           : StrCat("somebody wrote it on purpose, --overwrite replaces it", what);
}

class FixWriter {
 public:
  FixWriter(const FixReportOptions& options, std::ostream& out) : options_(options), out_(out) {}

  void Write(const FixedFile& file) {
    // What was written is at the lines of the new text.
    const ScanFile& shown = options_.is_written ? file.after : file.before;
    bool is_named = false;
    for (std::size_t i = 0; i < file.objects.size() && i < shown.objects.size(); ++i) {
      const FixedObject& fixed = file.objects[i];
      const std::vector<const ScanFinding*> left = FindLeft(shown.objects[i], file.after.objects[i]);
      if (fixed.changes.empty() && fixed.unwritten.empty() && left.empty()) continue;
      if (!is_named) out_ << Paint(kBold, file.before.path == "-" ? "standard input" : file.before.path) << "\n";
      is_named = true;
      WriteObject(file.after, shown.objects[i], fixed, left);
    }
    if (is_named) out_ << "\n";
    changed_files_ += file.is_changed() ? 1 : 0;
  }

  void WriteSummary() {
    const std::string_view verb = options_.is_written ? "" : "would be ";
    if (changes_ == 0) {
      out_ << Paint(kGreen, "nothing to fix");
    } else {
      out_ << Paint(kGreen, StrCat(Counted(changes_, "change", "changes"), " in ",
                                   Counted(changed_objects_, "workload", "workloads"), " of ",
                                   Counted(changed_files_, "file", "files"), " ", verb, "written"));
    }
    std::string left;
    const auto add = [&](std::size_t count, std::string_view singular, std::string_view plural) {
      if (count > 0) StrAppend(&left, left.empty() ? "" : ", ", Counted(count, singular, plural));
    };
    add(unwritten_, "change that cannot be written", "changes that cannot be written");
    add(errors_, "error", "errors");
    add(warnings_, "warning", "warnings");
    add(notes_, "note", "notes");
    if (!left.empty()) out_ << "; " << Paint(errors_ + unwritten_ > 0 ? kRed : kYellow, StrCat("left: ", left));
    out_ << "\n";
  }

 private:
  std::string Paint(std::string_view colour, std::string_view text) const {
    return options_.has_colours ? StrCat("\033[", colour, "m", text, "\033[0m") : std::string(text);
  }

  // The findings of `shown` that `after` still has.
  static std::vector<const ScanFinding*> FindLeft(const ScanObject& shown, const ScanObject& after) {
    const auto key = [](const ScanFinding& finding) {
      return std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>(
          finding.policy, finding.finding->control, finding.finding->pointer, finding.finding->requirement.text());
    };
    std::set<decltype(key(after.findings[0]))> still;
    for (const ScanFinding& finding : after.findings) still.insert(key(finding));
    std::vector<const ScanFinding*> left;
    for (const ScanFinding& finding : shown.findings) {
      if (still.contains(key(finding))) left.push_back(&finding);
    }
    return left;
  }

  void WriteObject(const ScanFile& file, const ScanObject& object, const FixedObject& fixed,
                   const std::vector<const ScanFinding*>& left) {
    out_ << "  " << Paint(kCyan, object.Title()) << "\n";
    for (const JsonChange& change : fixed.changes) {
      out_ << "    " << Paint(kGreen, options_.is_written ? "wrote" : "would write") << " " << Describe(change) << "\n";
    }
    for (const UnwrittenChange& unwritten : fixed.unwritten) {
      out_ << "    " << Paint(kRed, "cannot write") << " " << Describe(unwritten.change) << "\n      "
           << Paint(kFaint, unwritten.reason) << "\n";
    }
    for (const ScanFinding* finding : left) {
      out_ << "    " << Paint(finding->denies() ? kRed : kYellow, StrCat("left, ", SeverityOf(finding->mode))) << ": "
           << MessageOf(*finding) << " "
           << Paint(kFaint, StrCat("[", finding->policy, "/", finding->finding->control, "]")) << "\n      "
           << file.PlaceText(finding->begin) << ": " << ReasonFor(*finding, fixed) << "\n";
      ++(finding->mode == Mode::kEnforce ? errors_ : finding->mode == Mode::kWarn ? warnings_ : notes_);
    }
    for (const std::string& note : object.notes) out_ << "    " << Paint(kBlue, "note") << ": " << note << "\n";
    changes_ += fixed.changes.size();
    changed_objects_ += fixed.changes.empty() ? 0 : 1;
    unwritten_ += fixed.unwritten.size();
  }

  const FixReportOptions& options_;
  std::ostream& out_;
  std::size_t changes_ = 0;
  std::size_t changed_objects_ = 0;
  std::size_t changed_files_ = 0;
  std::size_t unwritten_ = 0;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
  std::size_t notes_ = 0;
};

}  // namespace

void WriteFixReport(const std::vector<FixedFile>& files, const FixReportOptions& options, std::ostream& out) {
  FixWriter writer(options, out);
  for (const FixedFile& file : files) writer.Write(file);
  writer.WriteSummary();
}

void WriteDiff(std::string_view diff, bool has_colours, std::ostream& out) {
  if (!has_colours) {
    out << diff;
    return;
  }
  while (!diff.empty()) {
    const std::string_view line = diff.substr(0, diff.find('\n'));
    const bool is_name = line.starts_with("--- ") || line.starts_with("+++ ");
    const std::string_view colour = is_name                 ? kBold
                                    : line.starts_with("@") ? kCyan
                                    : line.starts_with("+") ? kGreen
                                    : line.starts_with("-") ? kRed
                                                            : "0";
    out << "\033[" << colour << "m" << line << "\033[0m\n";
    diff.remove_prefix(std::min(line.size() + 1, diff.size()));
  }
}

bool WouldBeDenied(const std::vector<FixedFile>& files) {
  return std::any_of(files.begin(), files.end(), [](const FixedFile& file) {
    return std::any_of(file.after.objects.begin(), file.after.objects.end(),
                       [](const ScanObject& object) { return object.is_denied(); });
  });
}

}  // namespace tidewaiter
