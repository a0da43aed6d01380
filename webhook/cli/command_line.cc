// SPDX-License-Identifier: Apache-2.0
//
// Puts the subcommands together and turns every mistake into one line and exit code 2.
#include "webhook/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "absl/strings/str_split.h"
#include "webhook/cli/completion.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

void CommandContext::Fail(std::string_view message) {
  for (const absl::string_view line : absl::StrSplit(ToAbsl(message), '\n', absl::SkipEmpty())) {
    streams.err << "tidewaiter: " << FromAbsl(line) << "\n";
  }
  exit_code = kExitUsage;
}

void AddPoliciesOption(CLI::App& command, std::vector<std::string>& paths) {
  command
      .add_option("--policies", paths,
                  "Policy file, or folder of *.yaml; may be given several times. Default: the built-in policy")
      ->type_name("DIR|FILE")
      ->allow_extra_args(false)
      ->take_all();
}

void AddColourOption(CLI::App& command, std::string& colour) {
  command.add_option("--color", colour, "Colours in text: auto is on a terminal without NO_COLOR")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
}

void AddNamespacesOption(CLI::App& command, std::string& path) {
  command
      .add_option("--namespaces", path,
                  "Namespace objects, for policies with a namespaceSelector (kubectl get namespaces -o yaml)")
      ->type_name("FILE");
}

absl::StatusOr<std::shared_ptr<const FixedNamespaces>> LoadNamespaces(const std::string& path) {
  if (path.empty()) return std::make_shared<const FixedNamespaces>();
  return FixedNamespaces::Load(path);
}

int RunCommandLine(int argc, const char* const* argv, CommandStreams streams) {
  CommandContext context{.streams = streams};
  CLI::App app("tidewaiter: hardens every Pod of a Kubernetes cluster at admission.", "tidewaiter");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  app.footer("tidewaiter COMMAND --help tells more about a command.");
  AddServeCommand(app, context);
  AddReviewCommand(app, context);
  AddScanCommand(app, context);
  AddFixCommand(app, context);
  AddExplainCommand(app, context);
  AddControlsCommand(app, context);
  AddMetricsCommand(app, context);
  AddPolicyCommand(app, context);
  AddProbeCommand(app, context);
  AddCompletionCommand(app, context);
  AddManCommand(app, context);
  AddVersionCommand(app, context);
  if (argc > 1 && argv[1] == kCompleteCommand) {
    WriteCompletions(app, {argv + 2, argv + argc}, streams.out);
    return kExitOk;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success, streams.out, streams.err);  // --help
  } catch (const CLI::ParseError& error) {
    context.Fail(StrCat(error.what(), " (see tidewaiter --help)"));
  } catch (const std::exception& error) {
    context.Fail(error.what());
  }
  return context.exit_code;
}

}  // namespace tidewaiter
