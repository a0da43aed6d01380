// SPDX-License-Identifier: Apache-2.0
//
// The program: hands its arguments to the command line and returns what that says.
#include <fcntl.h>
#include <unistd.h>

#include <iostream>

#include "webhook/cli/command_line.h"

namespace {

// Whoever starts a program may have closed its standard descriptors. The next file or connection would get their
// numbers, and log lines would go there.
void OpenStandardDescriptors() {
  int opened = 0;
  do {
    opened = open("/dev/null", O_RDWR);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened >= 0) close(opened);
}

}  // namespace

int main(int argc, char** argv) {
  OpenStandardDescriptors();
  return tidewaiter::RunCommandLine(argc, argv, {std::cin, std::cout, std::cerr});
}
