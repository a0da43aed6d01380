// SPDX-License-Identifier: Apache-2.0
//
// Completion in shells: the scripts ask the program itself (`tidewaiter __complete WORDS`), which knows its own
// commands, options, their values and the controls. So no list is written twice. Tested, in the shells themselves, by
// tests/integrations/completion_test.py.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tidewaiter {

inline constexpr std::string_view kCompleteCommand = "__complete";

// A line for each thing that the last of `words` may become, `VALUE<TAB>DESCRIPTION`; `:files` where it may be a path.
// `words` are those behind the program's name.
void WriteCompletions(const CLI::App& app, const std::vector<std::string>& words, std::ostream& out);

}  // namespace tidewaiter
