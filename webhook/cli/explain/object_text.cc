// SPDX-License-Identifier: Apache-2.0
//
// One object explained, for people: the decision, then who was asked, what was changed, what each control saw.
#include <iostream>

#include "webhook/cli/explain/object_view.h"
#include "webhook/cli/paint.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// Values in a line of text; JSON has all of them whole.
constexpr std::size_t kMostValues = 4;
constexpr std::size_t kMostBytes = 90;

std::string Cut(std::string_view text) {
  if (text.size() <= kMostBytes) return std::string(text);
  std::size_t size = kMostBytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return StrCat(text.substr(0, size), "...");
}

class ObjectWriter {
 public:
  ObjectWriter(const ObjectView& view, bool has_colours, std::ostream& out)
      : view_(view), paint_(has_colours), out_(out) {}

  void Write() {
    WriteHead();
    WritePolicies();
    if (!view_.changes.empty()) WriteChanges();
    if (!view_.controls.empty()) WriteControls();
    out_ << "\n";
  }

 private:
  std::string InPlace(std::string_view place) const {
    return place.empty() ? std::string() : StrCat("  ", paint_(Paint::kFaint, place));
  }

  void WriteHead() {
    out_ << paint_(Paint::kBold, view_.Title()) << " "
         << paint_(Paint::kFaint, StrCat("(", view_.file == "-" ? "standard input" : view_.file,
                                         view_.line > 0 ? StrCat(":", view_.line) : std::string(), ")"))
         << "\n  " << view_.operation;
    if (!view_.subresource.empty()) out_ << " of " << view_.subresource;
    if (!view_.user.empty()) out_ << " by " << view_.user;
    out_ << ": "
         << (view_.is_denied()         ? paint_(Paint::kRed, "would be denied")
             : view_.outcome == "warn" ? paint_(Paint::kYellow, "would be allowed, with warnings")
                                       : paint_(Paint::kGreen, "would be allowed"))
         << "\n";
    if (!view_.message.empty()) out_ << "  " << view_.message << "\n";
    if (!view_.unjudged.empty()) out_ << "  nothing was judged: " << view_.unjudged << "\n";
    if (view_.depends_on_changes) {
      out_ << "  " << paint_(Paint::kYellow, "only after the changes below: without the mutating webhook it is denied")
           << "\n";
    }
  }

  void WritePolicies() {
    out_ << "\n  " << paint_(Paint::kBold, "Policies") << "\n";
    if (view_.policies.empty()) out_ << "    there is none\n";
    for (const PolicyView& policy : view_.policies) {
      const bool applies = policy.answer == MatchAnswer::kApplies;
      const std::string_view mark = applies ? "+" : policy.answer == MatchAnswer::kDoesNot ? "-" : "?";
      out_ << "    " << paint_(applies ? Paint::kGreen : Paint::kYellow, mark) << " " << policy.name
           << (applies                                  ? " applies: "
               : policy.answer == MatchAnswer::kDoesNot ? " does not apply: "
                                                        : " may apply: ")
           << policy.why.text << InPlace(policy.why.key.empty() ? policy.place : policy.why.place) << "\n";
      if (!policy.held_back.text.empty()) {
        out_ << "        " << policy.held_back.text << InPlace(policy.held_back.place) << "\n";
      }
      if (!policy.reaches_pods) {
        out_ << "        its Pods do not match, so that nothing of it is injected into them\n";
      }
      for (const ExemptionView& exemption : policy.exemptions) {
        out_ << "        exemption " << paint_(exemption.holds ? Paint::kGreen : Paint::kFaint, exemption.name) << " "
             << (exemption.holds ? "" : "does not hold: ") << exemption.why.text << InPlace(exemption.why.place)
             << "\n";
      }
    }
  }

  void WriteChanges() {
    out_ << "\n  " << paint_(Paint::kBold, "Changes")
         << (view_.kind == "Pod" ? "" : " (of its Pods, when they are created)") << "\n";
    for (const ChangeView& change : view_.changes) {
      const bool is_real = change.mode == "enforce";
      out_ << "    " << FieldPath(change.pointer) << ": "
           << paint_(Paint::kFaint, change.old_value.empty() ? "not set" : Cut(change.old_value)) << " -> "
           << paint_(is_real ? Paint::kGreen : Paint::kFaint,
                     change.new_value == "null" ? "taken out" : Cut(change.new_value))
           << (is_real ? "" : StrCat(" (mode ", change.mode, ": only told)")) << "  "
           << paint_(Paint::kFaint, StrCat("[", change.policy, "/", change.control, "]")) << InPlace(change.place)
           << "\n";
    }
    for (const std::string& note : view_.notes) out_ << "    " << paint_(Paint::kBlue, "note") << ": " << note << "\n";
  }

  static std::string_view ColourOf(const ControlView& control) {
    if (control.denies()) return Paint::kRed;
    if (control.verdict == "violates") return Paint::kYellow;
    return control.verdict == "passes" ? Paint::kGreen : Paint::kFaint;
  }

  void WriteControls() {
    out_ << "\n  " << paint_(Paint::kBold, "Controls") << "\n";
    for (const ControlView& control : view_.controls) {
      out_ << "    " << paint_(ColourOf(control), control.verdict) << "  " << control.policy << "/" << control.control
           << " (" << control.mode << ")" << InPlace(control.place) << "\n";
      for (const FindingView& finding : control.findings) WriteFinding(finding);
      if (control.findings.empty()) WriteSeen(control);
    }
  }

  void WriteFinding(const FindingView& finding) {
    const bool denies = finding.state == "denies";
    out_ << "        " << paint_(denies ? Paint::kRed : Paint::kYellow, finding.state)
         << (finding.exemption.empty() ? std::string() : StrCat(" by ", finding.exemption)) << ": " << finding.message
         << "\n          saw: " << FieldPath(finding.pointer) << " "
         << (finding.value.empty() ? "is not set" : StrCat("= ", Cut(finding.value))) << LineText(finding.line) << "\n";
    if (!finding.remedy.empty()) out_ << "          write: " << paint_(Paint::kGreen, finding.remedy) << "\n";
  }

  void WriteSeen(const ControlView& control) {
    std::size_t count = 0;
    for (const SeenView& seen : control.saw) {
      if (count++ == kMostValues) {
        out_ << "        and " << control.saw.size() - kMostValues << " more\n";
        break;
      }
      out_ << "        saw: " << FieldPath(seen.pointer) << " = " << Cut(seen.value)
           << (seen.is_injected ? paint_(Paint::kGreen, " (injected)") : LineText(seen.line)) << "\n";
    }
    if (control.saw.empty() && !control.unset.empty()) {
      out_ << "        saw: nothing is set of " << control.unset.front()
           << (control.unset.size() > 1 ? StrCat(" and ", control.unset.size() - 1, " more") : "") << "\n";
    }
  }

  std::string LineText(std::uint32_t line) const {
    return line == 0 ? std::string() : paint_(Paint::kFaint, StrCat(" (line ", line, ")"));
  }

  const ObjectView& view_;
  const Paint paint_;
  std::ostream& out_;
};

}  // namespace

void WriteObjectText(const ObjectView& view, bool has_colours, std::ostream& out) {
  ObjectWriter(view, has_colours, out).Write();
}

}  // namespace tidewaiter
