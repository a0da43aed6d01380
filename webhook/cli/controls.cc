// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter controls`: what can be required, as a list or as the Markdown of docs/controls.md.
// Tested by tests/cli/command_line_test.cc; ./dev lint compares docs/controls.md.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iomanip>
#include <iostream>

#include "absl/strings/str_replace.h"
#include "webhook/cli/command_line.h"
#include "webhook/cli/control_text.h"
#include "webhook/cli/explain/control_example.h"
#include "webhook/controls/base/control.h"
#include "webhook/engine/message_limits.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

void PrintControls(std::ostream& out) {
  std::size_t width = 0;
  for (const Control* control : AllControls()) width = std::max(width, control->info.id.size());
  for (const Control* control : AllControls()) {
    out << std::left << std::setw(static_cast<int>(width) + 2) << control->info.id << control->info.summary << "\n";
  }
}

// A cell must not end the cell.
std::string Cell(std::string_view text) { return absl::StrReplaceAll(ToAbsl(text), {{"|", "\\|"}}); }

void PrintSettings(const SchemaDescription& settings, std::ostream& out) {
  for (const SettingLine& line : SettingLines(settings)) {
    const std::string default_text = line.default_text.empty() ? "" : StrCat("`", line.default_text, "`");
    out << "| `" << line.key << "` | " << line.type << " | " << Cell(default_text) << " | " << Cell(line.help)
        << " |\n";
  }
}

void PrintExample(const ControlExample& example, std::ostream& out) {
  out << (example.settings == "{}" ? std::string("This Pod")
                                   : StrCat("With the settings `", example.settings, "` this Pod"))
      << " is denied:\n\n```yaml\n"
      << example.denied << "```\n\n";
  for (std::size_t i = 0; i < example.findings.size(); ++i) {
    out << "- " << WithoutControlCharacters(FindingMessage(example.findings[i])) << " (`" << example.places[i]
        << "`)\n";
  }
  out << "\nand this one is allowed:\n\n```yaml\n" << example.allowed << "```\n";
}

std::string Links(const std::vector<std::string_view>& ids) {
  std::string text;
  for (const std::string_view id : ids) StrAppend(&text, text.empty() ? "" : ", ", "[", id, "](#", id, ")");
  return text;
}

void PrintControl(const Control& control, std::ostream& out) {
  const ControlInfo& info = control.info;
  out << "\n## " << info.id << "\n\n" << info.summary << "\n\n";
  const absl::StatusOr<ControlExample> example = LoadControlExample(control);
  if (example.ok()) out << example->why << "\n\n";
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
  if (!control.settings.empty()) {
    out << "\n| Setting | Type | Default | Meaning |\n| --- | --- | --- | --- |\n";
    PrintSettings(control.settings, out);
  }
  if (!example.ok()) return;
  out << "\n";
  PrintExample(*example, out);
}

void PrintControlsMarkdown(std::ostream& out) {
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
  command->callback([is_markdown, &context] {
    *is_markdown ? PrintControlsMarkdown(context.streams.out) : PrintControls(context.streams.out);
  });
}

}  // namespace tidewaiter
