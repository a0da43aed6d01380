// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter controls`: what can be required, as a list or as the Markdown of docs/controls.md.
// Tested by tests/cli/command_line_test.cc; ./dev lint compares docs/controls.md.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iomanip>
#include <iostream>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "webhook/cli/command_line.h"
#include "webhook/controls/base/control.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

void PrintList(std::ostream& out) {
  std::size_t width = 0;
  for (const Control* control : AllControls()) width = std::max(width, control->info.id.size());
  for (const Control* control : AllControls()) {
    out << std::left << std::setw(static_cast<int>(width) + 2) << control->info.id << control->info.summary << "\n";
  }
}

// A cell must not end the cell.
std::string Cell(std::string_view text) { return absl::StrReplaceAll(ToAbsl(text), {{"|", "\\|"}}); }

void PrintSettings(const SchemaDescription& settings, const std::string& prefix, std::ostream& out) {
  for (const SettingDescription& setting : settings) {
    const std::string key = prefix + setting.key;
    std::string help = setting.help;
    if (const auto& one_of = setting.bounds.one_of; !one_of.empty()) {
      std::vector<std::string> allowed(one_of.begin(), one_of.end());
      StrAppend(&help, " (", absl::StrJoin(allowed, ", "), ")");
    }
    const std::string default_text = setting.default_text.empty() ? "" : StrCat("`", setting.default_text, "`");
    out << "| `" << key << "` | " << setting.type << " | " << Cell(default_text) << " | " << Cell(help) << " |\n";
    PrintSettings(setting.children, key + ".", out);
  }
}

// From which version on the Pod Security Standards have the check.
std::string SinceText(const ControlInfo& info) {
  if (info.level == "recommended") return {};
  return info.since_minor == 0 ? " (in every version of the Pod Security Standards)"
                               : StrCat(" (in the Pod Security Standards from v1.", info.since_minor, " on)");
}

std::vector<std::string_view> OverriddenBy(std::string_view id) {
  std::vector<std::string_view> ids;
  for (const Control* control : AllControls()) {
    const auto& overrides = control->info.overrides;
    if (std::find(overrides.begin(), overrides.end(), id) != overrides.end()) ids.push_back(control->info.id);
  }
  return ids;
}

std::string Links(const std::vector<std::string_view>& ids) {
  std::string text;
  for (const std::string_view id : ids) StrAppend(&text, text.empty() ? "" : ", ", "[", id, "](#", id, ")");
  return text;
}

void PrintControl(const Control& control, std::ostream& out) {
  const ControlInfo& info = control.info;
  out << "\n## " << info.id << "\n\n" << info.summary << "\n\n";
  out << "- Level: " << info.level << SinceText(info) << "\n";
  if (!info.overrides.empty()) {
    out << "- Takes the place of: " << Links(info.overrides) << ", where a level of the standards has both\n";
  }
  if (const auto by = OverriddenBy(info.id); !by.empty()) {
    out << "- Replaced by: " << Links(by) << ", at level restricted of the standards\n";
  }
  out << "- Fields: ";
  for (std::size_t i = 0; i < info.fields.size(); ++i) out << (i == 0 ? "`" : ", `") << info.fields[i] << "`";
  out << "\n- Injects: " << (info.injects.empty() ? "nothing" : info.injects) << "\n";
  out << "- Source: " << info.source << "\n";
  if (control.settings.empty()) return;
  out << "\n| Setting | Type | Default | Meaning |\n| --- | --- | --- | --- |\n";
  PrintSettings(control.settings, "", out);
}

void PrintMarkdown(std::ostream& out) {
  out << "# Controls\n\nWritten by `tidewaiter controls --markdown`; do not edit. Beside its settings each control "
         "takes "
         "`mode` (`enforce`, `warn`, `audit`), which overrides the policy's.\n\n";
  out << "| Control | What it asks | Injects |\n| --- | --- | --- |\n";
  for (const Control* control : AllControls()) {
    const ControlInfo& info = control->info;
    out << "| [" << info.id << "](#" << info.id << ") | " << Cell(info.summary) << " | "
        << (info.injects.empty() ? std::string() : Cell(info.injects)) << " |\n";
  }
  for (const Control* control : AllControls()) PrintControl(*control, out);
}

}  // namespace

void AddControlsCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("controls", "List what policies can require");
  const auto is_markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *is_markdown, "With fields, settings and sources, as Markdown");
  command->callback(
      [is_markdown, &context] { *is_markdown ? PrintMarkdown(context.streams.out) : PrintList(context.streams.out); });
}

}  // namespace tidewaiter
