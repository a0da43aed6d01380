// SPDX-License-Identifier: Apache-2.0
//
// Small parts of commands.
#include "webhook/cli/scan/command_parts.h"

#include <unistd.h>

#include <cstdlib>
#include <set>
#include <utility>

#include "webhook/kube/text.h"

namespace tidewaiter {

ScanFile UnreadFile(std::string path, const absl::Status& why) {
  ScanFile unread;
  unread.path = std::move(path);
  unread.problems.push_back({{}, std::string(MessageOf(why))});
  return unread;
}

void TellProblems(const ScanReport& report, CommandContext& context) {
  std::set<std::string_view> told;
  for (const ScanFile& file : report.files) {
    for (const ScanProblem& problem : file.problems) {
      const bool is_template = problem.message.find("helm template ") != std::string::npos;
      if (is_template && !told.insert(problem.message).second) continue;
      context.Fail(StrCat(file.PlaceText(problem.place), ": ", problem.message));
    }
  }
}

bool WantsColours(std::string_view colour) {
  if (colour != "auto") return colour == "always";
  const char* no_colour = std::getenv("NO_COLOR");  // no-color.org
  return (no_colour == nullptr || *no_colour == '\0') && isatty(STDOUT_FILENO) == 1;
}

}  // namespace tidewaiter
