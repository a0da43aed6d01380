// SPDX-License-Identifier: Apache-2.0
//
// A page for people, and the same for programs.
#include "webhook/cli/explain/control_page.h"

#include <algorithm>
#include <iostream>
#include <set>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "webhook/cli/control_text.h"
#include "webhook/cli/paint.h"
#include "webhook/engine/message_limits.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t kWidth = 100;

std::vector<std::string> LinesOf(const std::string& text) { return absl::StrSplit(text, '\n', absl::SkipEmpty()); }

// Filled lines of at most kWidth bytes, indented, those behind the first by `hanging` more.
std::string Filled(std::string_view text, std::string indent, std::string_view hanging = "") {
  std::string filled, line;
  for (const absl::string_view word : absl::StrSplit(ToAbsl(text), ' ', absl::SkipEmpty())) {
    if (!line.empty() && line.size() + word.size() + 1 > kWidth - indent.size()) {
      StrAppend(&filled, indent, line, "\n");
      line.clear();
      if (filled.find('\n') + 1 == filled.size()) StrAppend(&indent, hanging);
    }
    StrAppend(&line, line.empty() ? "" : " ", word);
  }
  StrAppend(&filled, indent, line, "\n");
  return filled;
}

class PageWriter {
 public:
  PageWriter(const ControlPage& page, bool has_colours, std::ostream& out)
      : page_(page), paint_(has_colours), out_(out) {}

  void Write() {
    const ControlInfo& info = page_.control.info;
    out_ << paint_(Paint::kBold, info.id) << "  " << info.level << SinceText(info) << "\n" << info.summary << "\n";
    Head("Why");
    out_ << Filled(page_.example.why, "  ");
    Head("What it looks at");
    for (const std::string_view field : info.fields) out_ << "  " << field << "\n";
    if (!info.injects.empty()) out_ << Filled(StrCat("It can inject: ", info.injects), "  ");
    WriteExample();
    WriteSettings();
    WritePolicies();
    Head("Exempt a workload from it");
    for (const std::string& line : LinesOf(ExemptionText(page_.control, page_.until))) out_ << "  " << line << "\n";
    Head("Source");
    out_ << "  " << info.source << "\n";
    WriteRelatives();
  }

 private:
  void Head(std::string_view text) { out_ << "\n" << paint_(Paint::kBold, text) << "\n"; }

  // The lines that the other Pod does not have are marked.
  void WritePod(const std::string& pod, const std::string& other, std::string_view mark, std::string_view colour) {
    const std::vector<std::string> others = LinesOf(other);
    for (const std::string& line : LinesOf(pod)) {
      const bool is_shared = std::find(others.begin(), others.end(), line) != others.end();
      out_ << "  " << (is_shared ? StrCat("  ", line) : paint_(colour, StrCat(mark, " ", line))) << "\n";
    }
  }

  void WriteExample() {
    const ControlExample& example = page_.example;
    Head("Denied");
    if (example.settings != "{}") out_ << "  with the settings " << example.settings << "\n";
    WritePod(example.denied, example.allowed, "-", Paint::kRed);
    for (std::size_t i = 0; i < example.findings.size(); ++i) {
      const Finding& finding = example.findings[i];
      out_ << "  " << paint_(Paint::kRed, "denied") << ": " << WithoutControlCharacters(FindingMessage(finding)) << " ("
           << example.places[i] << ")\n";
      if (!finding.remedy.text().empty()) {
        out_ << "    what to write: " << paint_(Paint::kGreen, finding.remedy.text()) << "\n";
      }
    }
    Head("Allowed");
    WritePod(example.allowed, example.denied, "+", Paint::kGreen);
  }

  void WriteSettings() {
    Head("Settings");
    out_ << "  mode: enforce, warn or audit; without it the policy's\n";
    for (const SettingLine& line : SettingLines(page_.control.settings)) {
      std::string text = StrCat(line.key, ": ", line.help, " (", line.type);
      if (!line.default_text.empty()) StrAppend(&text, ", default ", line.default_text);
      out_ << Filled(StrCat(text, ")"), "  ", "    ");
    }
  }

  void WritePolicies() {
    Head("In the policies here");
    bool is_any = false;
    for (const Policy& policy : page_.policies.policies()) {
      for (const AppliedControl& applied : policy.controls) {
        if (applied.control != &page_.control) continue;
        is_any = true;
        out_ << "  " << policy.name << ": " << ModeName(applied.mode) << "  "
             << paint_(Paint::kFaint, page_.places.PlaceOf(policy, page_.places.KeyOf(policy, page_.control))) << "\n";
      }
    }
    if (!is_any) {
      out_ << "  none applies it; to do so:\n    controls:\n      " << page_.control.info.id << ": "
           << page_.example.settings << "\n";
    }
  }

  void WriteRelatives() {
    const auto ids = [](const std::vector<std::string_view>& views) {
      return absl::StrJoin(std::vector<std::string>(views.begin(), views.end()), ", ");
    };
    const ControlInfo& info = page_.control.info;
    if (!info.overrides.empty()) out_ << "  takes the place of " << ids(info.overrides) << "\n";
    if (const auto by = OverriddenBy(info.id); !by.empty()) {
      out_ << "  at level restricted " << ids(by) << " takes its place\n";
    }
  }

  const ControlPage& page_;
  const Paint paint_;
  std::ostream& out_;
};

}  // namespace

void WriteControlText(const ControlPage& page, bool has_colours, std::ostream& out) {
  PageWriter(page, has_colours, out).Write();
}

OrderedJson ControlJson(const ControlPage& page) {
  const ControlInfo& info = page.control.info;
  const ControlExample& example = page.example;
  OrderedJson settings = OrderedJson::array();
  for (const SettingLine& line : SettingLines(page.control.settings)) {
    settings.push_back({{"key", line.key}, {"type", line.type}, {"default", line.default_text}, {"help", line.help}});
  }
  OrderedJson findings = OrderedJson::array();
  for (const Finding& finding : example.findings) {
    findings.push_back({{"message", WithoutControlCharacters(FindingMessage(finding))},
                        {"pointer", finding.pointer},
                        {"remedy", finding.remedy.text()}});
  }
  OrderedJson policies = OrderedJson::array();
  for (const Policy& policy : page.policies.policies()) {
    for (const AppliedControl& applied : policy.controls) {
      if (applied.control != &page.control) continue;
      policies.push_back({{"policy", policy.name},
                          {"mode", ModeName(applied.mode)},
                          {"place", page.places.PlaceOf(policy, page.places.KeyOf(policy, page.control))}});
    }
  }
  return {{"control", info.id},
          {"summary", info.summary},
          {"level", info.level},
          {"why", example.why},
          {"fields", info.fields},
          {"injects", info.injects},
          {"source", info.source},
          {"settings", std::move(settings)},
          {"example",
           {{"settings", example.settings},
            {"policy", example.PolicyText(page.control)},
            {"denied", PodManifest(example.denied)},
            {"allowed", PodManifest(example.allowed)},
            {"findings", std::move(findings)}}},
          {"exemption", ExemptionText(page.control, page.until)},
          {"policies", std::move(policies)}};
}

}  // namespace tidewaiter
