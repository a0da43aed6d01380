// SPDX-License-Identifier: Apache-2.0
//
// The program: hands its arguments to the command line and returns what that says.
#include <iostream>

#include "webhook/cli/command_line.h"

int main(int argc, char** argv) { return tidewaiter::RunCommandLine(argc, argv, {std::cin, std::cout, std::cerr}); }
