// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter man`: the manual page, made of the same descriptions as --help (man(7), groff_man(7)). Tested by
// tests/integrations/man_test.py.
#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "webhook/cli/command_line.h"
#include "webhook/cli/version.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// Text of a line: a backslash, a hyphen that is to stay one, and what would be a request at the line's begin.
std::string Roff(std::string_view text) {
  std::string line = absl::StrReplaceAll(ToAbsl(text), {{"\\", "\\e"}, {"-", "\\-"}});
  if (line.starts_with('.') || line.starts_with('\'')) line.insert(0, "\\&");
  return line;
}

// Paragraphs as they are; lines that begin with blanks are examples, word by word.
void WriteText(std::string_view text, std::ostream& out) {
  bool is_example = false;
  for (const absl::string_view piece : absl::StrSplit(ToAbsl(text), '\n')) {
    const std::string_view line = FromAbsl(piece);
    if (line.starts_with("  ") != is_example) {
      is_example = !is_example;
      out << (is_example ? ".PP\n.nf\n" : ".fi\n.PP\n");
    }
    if (!line.empty()) out << Roff(line) << "\n";
  }
  if (is_example) out << ".fi\n";
}

bool IsHelp(const CLI::Option& option) { return option.check_lname("help"); }

void WriteOption(const CLI::Option& option, std::ostream& out) {
  std::string head = option.get_positional() ? option.get_name(true) : "";
  for (const std::string& name : option.get_lnames()) StrAppend(&head, head.empty() ? "" : ", ", "--", name);
  out << ".TP\n.B " << Roff(head);
  std::string type = option.get_type_name();
  if (!type.empty() && !option.get_positional()) {
    type = absl::StrReplaceAll(type, {{"TEXT:", ""}});
    out << " " << Roff(type);
  }
  out << "\n" << Roff(option.get_description());
  if (!option.get_default_str().empty()) out << " (default " << Roff(option.get_default_str()) << ")";
  out << "\n";
}

void WriteCommand(const CLI::App& app, const std::string& path, std::ostream& out) {
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  if (commands.empty()) {
    out << ".SS " << Roff(path);
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional()) out << " " << Roff(option->get_name(true));
    }
    out << "\n" << Roff(app.get_description()) << ".\n";
    for (const CLI::Option* option : app.get_options()) {
      if (!IsHelp(*option)) WriteOption(*option, out);
    }
    if (!app.get_footer().empty()) {
      out << ".PP\n";
      WriteText(app.get_footer(), out);
    }
  }
  for (const CLI::App* command : commands) WriteCommand(*command, StrCat(path, " ", command->get_name()), out);
}

}  // namespace

void AddManCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("man", "Print the manual page");
  command->footer("  tidewaiter man | man -l -");
  command->callback([&app, &context] {
    std::ostream& out = context.streams.out;
    out << ".\\\" Written by `tidewaiter man`; do not edit.\n.TH TIDEWAITER 1 \"\" \"tidewaiter " << kVersion
        << "\"\n.SH NAME\ntidewaiter \\- hardens every Pod of a Kubernetes cluster at admission\n.SH SYNOPSIS\n.B "
           "tidewaiter\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH COMMANDS\n";
    for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
      WriteCommand(*each, StrCat("tidewaiter ", each->get_name()), out);
    }
    out << ".SH EXIT STATUS\n0 when all went well, 1 where a command says so, 2 on bad usage or input that cannot be "
           "read.\n";
  });
}

}  // namespace tidewaiter
