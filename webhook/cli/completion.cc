// SPDX-License-Identifier: Apache-2.0
//
// Walks the command line as CLI11 would, as far as completion needs it.
#include "webhook/cli/completion.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/strings/str_split.h"
#include "webhook/cli/command_line.h"
#include "webhook/controls/base/control.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kBash = R"(# bash completion of tidewaiter:  source <(tidewaiter completion bash)
_tidewaiter() {
  local line current="${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ "$line" == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    else
      COMPREPLY+=("${line%%$'\t'*}")
    fi
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _tidewaiter tidewaiter
)";

constexpr std::string_view kZsh = R"(#compdef tidewaiter
# zsh completion of tidewaiter:  source <(tidewaiter completion zsh), or as _tidewaiter in a folder of $fpath
_tidewaiter() {
  local line files=0
  local -a candidates
  for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ "$line" == :files ]]; then
      files=1
    elif [[ -n "$line" ]]; then
      candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    fi
  done
  (( $#candidates )) && _describe -V tidewaiter candidates
  (( files )) && _files
  return 0
}
if [[ "${funcstack[1]}" == _tidewaiter ]]; then _tidewaiter "$@"; else compdef _tidewaiter tidewaiter; fi
)";

constexpr std::string_view kFish = R"(# fish completion of tidewaiter:  tidewaiter completion fish | source
function __tidewaiter_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c tidewaiter -f -a '(__tidewaiter_complete)'
)";

class Completer {
 public:
  Completer(std::string word, std::ostream& out) : word_(std::move(word)), out_(out) {}

  void Candidate(std::string_view value, std::string_view description) {
    if (!value.starts_with(word_)) return;
    out_ << value << "\t" << description.substr(0, description.find('\n')) << "\n";
  }

  void Values(const CLI::Option& option) {
    // CLI11 tells the members of an IsMember only in the type's text: `TEXT:{json,text}`.
    const std::string type = option.get_type_name();
    const std::size_t begin = type.find('{');
    const std::size_t end = type.find('}', begin);
    if (begin != std::string::npos && end != std::string::npos) {
      for (const absl::string_view value : absl::StrSplit(ToAbsl(type).substr(begin + 1, end - begin - 1), ',')) {
        Candidate(FromAbsl(value), "");
      }
      return;
    }
    const std::string name = option.get_name(true);
    if (name.find("CONTROL") != std::string::npos) {
      for (const Control* control : AllControls()) Candidate(control->info.id, control->info.summary);
    }
    const bool is_path = type.find("FILE") != std::string::npos || type.find("DIR") != std::string::npos ||
                         name.find("FILE") != std::string::npos || name.find("DIR") != std::string::npos ||
                         name.find("PATH") != std::string::npos || name == "OLD" || name == "NEW" || name == "--output";
    if (is_path) out_ << ":files\n";
  }

 private:
  const std::string word_;
  std::ostream& out_;
};

const CLI::App* FindCommand(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

bool IsPositional(const CLI::Option& option) { return option.get_positional() && !option.nonpositional(); }

// The positional that the next free argument fills, or the last one, which takes many.
const CLI::Option* FindPositional(const CLI::App& app, std::size_t number) {
  const CLI::Option* last = nullptr;
  for (const CLI::Option* option : app.get_options()) {
    if (!IsPositional(*option)) continue;
    last = option;
    if (number-- == 0) break;
  }
  return last;
}

}  // namespace

void WriteCompletions(const CLI::App& root, const std::vector<std::string>& words, std::ostream& out) {
  const CLI::App* app = &root;
  const CLI::Option* awaited = nullptr;
  std::size_t positionals = 0;
  bool only_positionals = false;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (awaited != nullptr) {
      awaited = nullptr;
    } else if (word == "--") {
      only_positionals = true;
    } else if (!only_positionals && word.starts_with("-") && word.size() > 1) {
      const CLI::Option* option = app->get_option_no_throw(word.substr(0, word.find('=')));
      const bool wants_value = option != nullptr && option->get_items_expected_min() > 0;
      if (wants_value && word.find('=') == std::string::npos) awaited = option;
    } else if (const CLI::App* command = FindCommand(*app, word); command != nullptr) {
      app = command;
    } else {
      ++positionals;
    }
  }
  const std::string word = words.empty() ? std::string() : words.back();
  Completer completer(word, out);
  if (awaited != nullptr) return completer.Values(*awaited);
  if (!only_positionals && word.starts_with("-")) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        completer.Candidate(StrCat("--", name), option->get_description());
      }
    }
    return;
  }
  for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
    completer.Candidate(command->get_name(), command->get_description());
  }
  if (const CLI::Option* positional = FindPositional(*app, positionals)) completer.Values(*positional);
}

void AddCompletionCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("completion", "Print the script that completes commands in your shell");
  const auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "Which shell")->required()->check(CLI::IsMember({"bash", "fish", "zsh"}));
  command->footer(
      "  bash:  source <(tidewaiter completion bash)       in ~/.bashrc\n"
      "  zsh:   source <(tidewaiter completion zsh)        in ~/.zshrc, behind compinit\n"
      "  fish:  tidewaiter completion fish | source        in ~/.config/fish/config.fish");
  command->callback([shell, &context] {
    context.streams.out << (*shell == "bash" ? kBash : *shell == "zsh" ? kZsh : kFish);
  });
}

}  // namespace tidewaiter
