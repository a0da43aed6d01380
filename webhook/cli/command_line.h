// SPDX-License-Identifier: Apache-2.0
//
// The command line: one subcommand per file of this folder, each added by its Add...Command function.
// Tested by tests/cli/command_line_test.cc and tests/integration.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "webhook/policy/namespaces.h"

namespace CLI {
class App;
}

namespace tidewaiter {

// Done; findings or bad input where the subcommand says so; bad usage or unreadable input.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFindings = 1;
inline constexpr int kExitUsage = 2;

struct CommandStreams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

// What a subcommand works with. `exit_code` is what the program returns.
struct CommandContext {
  CommandStreams streams;
  int exit_code = kExitOk;

  // Writes `tidewaiter: MESSAGE` (each line of it) to err and makes the exit code 2.
  void Fail(std::string_view message);
};

// Runs one command. Returns the exit code: 0, 1 where a command says so, or 2 after a line for each error on
// `streams.err`.
int RunCommandLine(int argc, const char* const* argv, CommandStreams streams);

void AddServeCommand(CLI::App& app, CommandContext& context);
void AddReviewCommand(CLI::App& app, CommandContext& context);
void AddExplainCommand(CLI::App& app, CommandContext& context);
void AddScanCommand(CLI::App& app, CommandContext& context);
void AddFixCommand(CLI::App& app, CommandContext& context);
void AddCompletionCommand(CLI::App& app, CommandContext& context);
void AddControlsCommand(CLI::App& app, CommandContext& context);
void AddManCommand(CLI::App& app, CommandContext& context);
void AddMetricsCommand(CLI::App& app, CommandContext& context);
void AddPolicyCommand(CLI::App& app, CommandContext& context);
void AddPolicyDiffCommand(CLI::App& policy, CommandContext& context);
void AddPolicyTestCommand(CLI::App& policy, CommandContext& context);
void AddProbeCommand(CLI::App& app, CommandContext& context);
void AddVersionCommand(CLI::App& app, CommandContext& context);

// `--policies DIR|FILE`, repeatable; shared by the subcommands that decide.
void AddPoliciesOption(CLI::App& command, std::vector<std::string>& paths);

// `--color auto|always|never`, see WantsColours of scan/command_parts.h.
void AddColourOption(CLI::App& command, std::string& colour);

// `--namespaces FILE`, and what it names; an empty path knows no namespace.
void AddNamespacesOption(CLI::App& command, std::string& path);
absl::StatusOr<std::shared_ptr<const FixedNamespaces>> LoadNamespaces(const std::string& path);

}  // namespace tidewaiter
