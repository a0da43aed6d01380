// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter fix`: writes into manifests what the webhook would inject, and what has one remedy only. Tested by
// tests/integration/fix_test.py.
#include <CLI/CLI.hpp>
#include <ctime>
#include <iostream>
#include <utility>

#include "webhook/cli/command_line.h"
#include "webhook/cli/fix/file_writer.h"
#include "webhook/cli/fix/fix_report.h"
#include "webhook/cli/fix/fixer.h"
#include "webhook/cli/fix/unified_diff.h"
#include "webhook/cli/scan/command_parts.h"
#include "webhook/cli/scan/input.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

struct FixCommandOptions {
  std::vector<std::string> policies;
  std::string namespaces;
  std::string default_namespace = "default";
  std::string colour = "auto";
  bool shows_diff = false;
  bool checks_only = false;
  bool overwrites = false;
  std::vector<std::string> paths;

  bool writes() const { return !shows_diff && !checks_only; }
};

// What is to be done with one file, but for the report.
void Deliver(const FixCommandOptions& options, const FixedFile& file, std::string_view text, CommandContext& context) {
  const std::string& path = file.before.path;
  if (options.shows_diff) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";  // places count from behind it
    const std::size_t skipped = text.starts_with(kMark) ? kMark.size() : 0;
    const TextLines lines(text.substr(skipped));
    WriteDiff(UnifiedDiff(path == "-" ? "standard input" : path, lines, file.Edits()), WantsColours(options.colour),
              context.streams.out);
  }
  if (!options.writes()) return;
  if (path == "-") {
    context.streams.out << file.text;
  } else if (file.is_changed()) {
    const absl::Status status = ReplaceFile(path, file.text);
    if (!status.ok()) context.Fail(StrCat(path, ": ", MessageOf(status)));
  }
}

void RunFix(const FixCommandOptions& options, CommandContext& context) {
  const absl::StatusOr<std::shared_ptr<const PolicySet>> policies = LoadPolicies(options.policies);
  if (!policies.ok()) return context.Fail(MessageOf(policies.status()));
  absl::StatusOr<std::shared_ptr<const FixedNamespaces>> namespaces = LoadNamespaces(options.namespaces);
  if (!namespaces.ok()) return context.Fail(MessageOf(namespaces.status()));
  const Scanner scanner({.policies = **policies, .today = DateOf(std::time(nullptr)), .namespaces = namespaces->get()},
                        options.default_namespace);
  const Fixer fixer(scanner, {.overwrites = options.overwrites});
  InputList input = ListInput(options.paths);
  for (const std::string& problem : input.problems) context.Fail(problem);
  std::vector<FixedFile> files;
  ScanReport scanned;  // for its problems
  bool is_changed = false;
  bool has_standard_input = false;
  for (const InputFile& file : input.files) {
    has_standard_input |= file.path == "-";
    const absl::StatusOr<std::optional<std::string>> text = ReadManifest(file, context.streams.in);
    if (!text.ok()) {
      scanned.files.push_back(UnreadFile(file.path, text.status()));
    } else if (text->has_value()) {
      FixedFile fixed = fixer.Fix(file.path, **text);
      Deliver(options, fixed, **text, context);
      is_changed |= fixed.is_changed();
      scanned.files.push_back(
          {.path = file.path, .objects = {}, .problems = fixed.before.problems, .untold_kinds = {}});
      fixed.text.clear();  // a tree of manifests may be large
      files.push_back(std::move(fixed));
    }
  }
  TellProblems(scanned, context);
  // Standard output is the diff's, or the fixed text's.
  const bool is_apart = options.shows_diff || (has_standard_input && options.writes());
  WriteFixReport(files, {.has_colours = !is_apart && WantsColours(options.colour), .is_written = options.writes()},
                 is_apart ? context.streams.err : context.streams.out);
  context.streams.out.flush();
  if (!context.streams.out.good()) context.Fail("standard output: cannot be written");
  if (context.exit_code != kExitOk) return;
  if ((options.checks_only && is_changed) || WouldBeDenied(files)) context.exit_code = kExitFindings;
}

}  // namespace

void AddFixCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("fix", "Write into manifests what the webhook would inject");
  const auto options = std::make_shared<FixCommandOptions>();
  AddPoliciesOption(*command, options->policies);
  AddNamespacesOption(*command, options->namespaces);
  command->add_option("--namespace", options->default_namespace, "The namespace of objects that name none")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_flag("--diff", options->shows_diff, "Write nothing; show a unified diff on standard output");
  command->add_flag("--check", options->checks_only, "Write nothing; exit code 1 when something would change");
  command->add_flag("--overwrite", options->overwrites,
                    "Also replace what somebody wrote, where one value only is allowed (privileged: true)");
  command->add_option("--color", options->colour, "Colours: auto is on a terminal without NO_COLOR")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  command
      ->add_option(
          "PATH", options->paths,
          "YAML or JSON files, folders of *.yaml, *.yml and *.json, - for standard input (the result then goes "
          "to standard output)")
      ->required();
  command->footer(
      "Writes what is missing and has one right value: what policies inject, in every mode, and findings that leave no "
      "choice. Comments, order, quoting and indentation of everything else stay. What is left is listed with the "
      "reason. "
      "A file that cannot be read as a whole stays as it is.\n"
      "  tidewaiter fix --diff manifests/\n"
      "  helm template ./chart | tidewaiter fix - | kubectl apply -f -\n"
      "Exit code: 0 when all would be allowed then, 1 when something would still be denied (with --check also when "
      "something would change), 2 when something could not be read or written.");
  command->callback([options, &context] { RunFix(*options, context); });
}

}  // namespace tidewaiter
