// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter version`. Tested by tests/cli/command_line_test.cc.
#include "webhook/cli/version.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "webhook/cli/command_line.h"

namespace tidewaiter {

void AddVersionCommand(CLI::App& app, CommandContext& context) {
  app.add_subcommand("version", "Print the version")->callback([&context] {
    context.streams.out << "tidewaiter " << kVersion << "\n";
  });
}

}  // namespace tidewaiter
