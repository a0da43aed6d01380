// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter review`: AdmissionReviews in, one answer per line out, by the same engine as the server's. Nothing else
// goes to standard output. Tested by tests/cli/review_test.cc.
#include <CLI/CLI.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "webhook/cli/command_line.h"
#include "webhook/engine/respond.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

struct ReviewOptions {
  std::vector<std::string> policies;
  std::string namespaces;
  std::vector<std::string> files;
  std::string door = "validate";
};

class Reviewer {
 public:
  Reviewer(Door door, const ReviewContext& review_context, CommandContext& context)
      : door_(door), review_context_(review_context), context_(context) {}

  void ReviewText(std::string_view source, std::string_view text) {
    const Answer answer = Review(door_, review_context_, text);
    if (answer.http_status == 200) {
      context_.streams.out << answer.body << "\n";
    } else {
      context_.Fail(StrCat(source, ": ", answer.body));
    }
  }

  void ReviewLines(std::istream& in) {
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      if (line.find_first_not_of(" \t\r") != std::string::npos)
        ReviewText(StrCat("standard input, line ", number), line);
    }
    if (in.bad()) context_.Fail("standard input: cannot be read");
  }

  void ReviewFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    std::error_code error;
    // Copying an empty file sets failbit on `text`, a vanished disk badbit on `file`; a folder reads as empty.
    if (!file.is_open() || std::filesystem::is_directory(path, error) || (text << file.rdbuf(), file.bad())) {
      context_.Fail(StrCat(path, ": cannot be read"));
      return;
    }
    ReviewText(path, text.str());
  }

 private:
  const Door door_;
  const ReviewContext review_context_;
  CommandContext& context_;
};

Door DoorOfName(std::string_view name) {
  for (const Door door : {Door::kMutate, Door::kValidatePolicy}) {
    if (DoorName(door) == name) return door;
  }
  return Door::kValidate;
}

void RunReview(const ReviewOptions& options, CommandContext& context) {
  const absl::StatusOr<std::shared_ptr<const PolicySet>> policies = LoadPolicies(options.policies);
  if (!policies.ok()) return context.Fail(MessageOf(policies.status()));
  absl::StatusOr<std::shared_ptr<const FixedNamespaces>> namespaces = LoadNamespaces(options.namespaces);
  if (!namespaces.ok()) return context.Fail(MessageOf(namespaces.status()));
  const ReviewContext review_context{
      .policies = **policies, .today = DateOf(std::time(nullptr)), .namespaces = namespaces->get()};
  Reviewer reviewer(DoorOfName(options.door), review_context, context);
  if (options.files.empty()) reviewer.ReviewLines(context.streams.in);
  for (const std::string& file : options.files) {
    if (file == "-") {
      reviewer.ReviewLines(context.streams.in);
    } else {
      reviewer.ReviewFile(file);
    }
  }
  context.streams.out.flush();
  if (!context.streams.out.good()) context.Fail("standard output: cannot be written");
}

}  // namespace

void AddReviewCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("review", "Answer AdmissionReviews from files or standard input");
  const auto options = std::make_shared<ReviewOptions>();
  AddPoliciesOption(*command, options->policies);
  AddNamespacesOption(*command, options->namespaces);
  command->add_option("--door", options->door, "Which webhook to be: validate, mutate or validate-policy")
      ->check(CLI::IsMember({"validate", "mutate", "validate-policy"}))
      ->capture_default_str();
  command->add_option("FILE", options->files, "One JSON document each; none or -: JSON lines on standard input");
  command->footer(
      "Prints one AdmissionReview response a line, in the order of the input.\n"
      "Exit code: 0 when all were answered, 2 on bad usage or input that is no review.");
  command->callback([options, &context] { RunReview(*options, context); });
}

}  // namespace tidewaiter
