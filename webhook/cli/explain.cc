// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter explain`: a control, or what a saved review or a manifest would meet, and why. Tested by
// tests/integration/explain_test.py.
#include <CLI/CLI.hpp>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <iterator>

#include "webhook/cli/command_line.h"
#include "webhook/cli/explain/control_page.h"
#include "webhook/cli/explain/object_view.h"
#include "webhook/cli/paint.h"
#include "webhook/cli/scan/command_parts.h"
#include "webhook/cli/scan/input.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

struct ExplainOptions {
  std::vector<std::string> policies;
  std::string namespaces;
  std::string default_namespace = "default";
  std::string format = "text";
  std::string colour = "auto";
  std::vector<std::string> subjects;
};

class Explainer {
 public:
  Explainer(const ExplainOptions& options, const PolicySet& policies, const NamespaceSource& namespaces,
            CommandContext& context)
      : options_(options),
        policies_(policies),
        places_(policies),
        review_context_{.policies = policies, .today = DateOf(std::time(nullptr)), .namespaces = &namespaces},
        has_colours_(WantsColours(options.colour)),
        context_(context) {}

  void Explain(const std::string& subject) {
    std::error_code error;
    if (const Control* control = FindControl(subject); control != nullptr) {
      ExplainControl(*control);
    } else if (subject == "-" || std::filesystem::exists(subject, error)) {
      ExplainFile(subject);
    } else if (subject.find_first_of("./\\") != std::string::npos) {
      context_.Fail(StrCat(subject, ": no such file"));
    } else {
      std::vector<std::string_view> ids;
      for (const Control* each : AllControls()) ids.push_back(each->info.id);
      context_.Fail(StrCat(Quoted(subject), " is no control and no file", DidYouMean(subject, ids), Near(subject, ids),
                           " (tidewaiter controls lists all)"));
    }
  }

  void Finish() {
    if (options_.format != "json") return;
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    if (!controls_.empty()) json["controls"] = controls_;
    if (!objects_.empty() || controls_.empty()) json["objects"] = objects_;
    context_.streams.out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
  }

 private:
  // Those that hold the word, where no spelling is near: `seccomp`.
  static std::string Near(const std::string& subject, const std::vector<std::string_view>& ids) {
    std::string list;
    for (const std::string_view id : ids) {
      const bool holds = !subject.empty() && id.find(subject) != std::string_view::npos;
      if (holds) StrAppend(&list, list.empty() ? "" : ", ", id);
    }
    return list.empty() ? std::string() : StrCat("; there are ", list);
  }

  void ExplainControl(const Control& control) {
    const absl::StatusOr<ControlExample> example = LoadControlExample(control);
    if (!example.ok()) return context_.Fail(MessageOf(example.status()));
    const ControlPage page{.control = control,
                           .example = *example,
                           .policies = policies_,
                           .places = places_,
                           .until = review_context_.today + 90};
    if (options_.format == "json") {
      controls_.push_back(ControlJson(page));
    } else {
      WriteControlText(page, has_colours_, context_.streams.out);
    }
  }

  void ExplainFile(const std::string& path) {
    const absl::StatusOr<std::string> text =
        path == "-" ? std::string(std::istreambuf_iterator<char>(context_.streams.in), std::istreambuf_iterator<char>())
                    : ReadInput(path);
    const std::string name = path == "-" ? "standard input" : path;
    if (!text.ok()) return context_.Fail(StrCat(name, ": ", MessageOf(text.status())));
    const std::vector<std::string> problems =
        ForEachSourceObject(name, *text, policies_, options_.default_namespace, [&](const SourceObject& source) {
          const ObjectView view = ViewObject(source, review_context_, places_);
          if (options_.format == "json") {
            objects_.push_back(ObjectJson(view));
          } else {
            WriteObjectText(view, has_colours_, context_.streams.out);
          }
        });
    for (const std::string& problem : problems) context_.Fail(problem);
  }

  const ExplainOptions& options_;
  const PolicySet& policies_;
  const PolicyPlaces places_;
  const ReviewContext review_context_;
  const bool has_colours_;
  CommandContext& context_;
  nlohmann::ordered_json controls_ = nlohmann::ordered_json::array();
  nlohmann::ordered_json objects_ = nlohmann::ordered_json::array();
};

void RunExplain(const ExplainOptions& options, CommandContext& context) {
  const absl::StatusOr<std::shared_ptr<const PolicySet>> policies = LoadPolicies(options.policies);
  if (!policies.ok()) return context.Fail(MessageOf(policies.status()));
  const absl::StatusOr<std::shared_ptr<const FixedNamespaces>> namespaces = LoadNamespaces(options.namespaces);
  if (!namespaces.ok()) return context.Fail(MessageOf(namespaces.status()));
  Explainer explainer(options, **policies, **namespaces, context);
  for (const std::string& subject : options.subjects) explainer.Explain(subject);
  explainer.Finish();
  context.streams.out.flush();
  if (!context.streams.out.good()) context.Fail("standard output: cannot be written");
}

}  // namespace

void AddExplainCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("explain", "Tell about a control, or why a review or manifest is decided so");
  const auto options = std::make_shared<ExplainOptions>();
  AddPoliciesOption(*command, options->policies);
  AddNamespacesOption(*command, options->namespaces);
  command->add_option("--namespace", options->default_namespace, "The namespace of objects that name none")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--format", options->format, "How to tell it")
      ->check(CLI::IsMember({"json", "text"}))
      ->capture_default_str();
  AddColourOption(*command, options->colour);
  command
      ->add_option("CONTROL|FILE", options->subjects,
                   "Ids of controls (tidewaiter controls), saved AdmissionReviews, manifests; - for standard input")
      ->required();
  command->footer(
      "Of a control: why, what to set, a Pod that is denied and one that is allowed, its settings, how to exempt a "
      "workload, and which of the policies apply it. Of a file: each policy and why it applies or does not, each "
      "change, "
      "each control's verdict with the values it saw, all with file and line.\n"
      "  tidewaiter explain run-as-non-root\n"
      "  kubectl get deployment web -o yaml | tidewaiter explain --policies policies/ -\n"
      "Exit code: 0 when all was explained, whatever the decision; 2 when something could not be read.");
  command->callback([options, &context] { RunExplain(*options, context); });
}

}  // namespace tidewaiter
