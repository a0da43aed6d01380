// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter scan`: what the cluster would say to manifests, before they get there. Tested by
// tests/integration/scan_test.py.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include <fstream>
#include <iostream>
#include <set>

#include "webhook/cli/cluster_options.h"
#include "webhook/cli/command_line.h"
#include "webhook/cli/fix/fixer.h"
#include "webhook/cli/scan/cluster_scan.h"
#include "webhook/cli/scan/command_parts.h"
#include "webhook/cli/scan/formats.h"
#include "webhook/cli/scan/input.h"
#include "webhook/cli/scan/scanner.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

struct ScanOptions {
  std::vector<std::string> policies;
  std::string namespaces;
  std::string default_namespace;
  ClusterOptions cluster;
  std::string format = "text";
  std::string output;
  std::string colour = "auto";
  std::vector<std::string> paths;
};

ScanReport ScanAll(const ScanOptions& options, const Scanner& scanner, bool wants_fixes, CommandContext& context) {
  ScanReport report;
  InputList input = ListInput(options.paths);
  for (std::string& problem : input.problems) context.Fail(problem);
  for (const InputFile& file : input.files) {
    const absl::StatusOr<std::optional<std::string>> text = ReadManifest(file, context.streams.in);
    if (!text.ok()) {
      report.files.push_back(UnreadFile(file.path, text.status()));
    } else if (text->has_value()) {
      report.files.push_back(scanner.Scan(file.path, **text));
      if (wants_fixes) AddRemedies(Fixer(scanner, {}), **text, report.files.back());
    }
  }
  return report;
}

void WriteReport(const ScanOptions& options, const ScanReport& report, CommandContext& context) {
  std::ofstream file;
  if (!options.output.empty()) file.open(options.output, std::ios::binary);
  std::ostream& out = options.output.empty() ? context.streams.out : file;
  for (const Format& format : AllFormats()) {
    if (format.name != options.format) continue;
    format.write(report, {.has_colours = options.output.empty() && WantsColours(options.colour)}, out);
  }
  out.flush();
  const std::string name = options.output.empty() ? "standard output" : options.output;
  if (!out.good()) context.Fail(StrCat(name, ": cannot be written"));
}

void RunScan(const ScanOptions& options, CommandContext& context) {
  const absl::StatusOr<std::unique_ptr<ClusterScan>> opened = ClusterScan::Open(options.cluster);
  if (!opened.ok()) return context.Fail(MessageOf(opened.status()));
  ClusterScan* const cluster = opened->get();
  if (cluster == nullptr && options.paths.empty()) return context.Fail("PATH is required, or --cluster");
  if (cluster != nullptr && !options.paths.empty()) return context.Fail("either PATHs or --cluster, not both");
  const absl::StatusOr<std::shared_ptr<const PolicySet>> policies =
      cluster == nullptr ? LoadPolicies(options.policies) : cluster->Policies(options.policies, context);
  if (!policies.ok()) return context.Fail(MessageOf(policies.status()));
  absl::StatusOr<std::shared_ptr<const FixedNamespaces>> namespaces =
      cluster == nullptr ? LoadNamespaces(options.namespaces) : cluster->Namespaces(options.namespaces);
  if (!namespaces.ok()) return context.Fail(MessageOf(namespaces.status()));
  const Scanner scanner({.policies = **policies, .today = DateOf(std::time(nullptr)), .namespaces = namespaces->get()},
                        options.default_namespace.empty() ? "default" : options.default_namespace);
  const bool wants_fixes = std::any_of(AllFormats().begin(), AllFormats().end(), [&](const Format& format) {
    return format.name == options.format && format.shows_fixes;
  });
  const ScanReport report = cluster == nullptr
                                ? ScanAll(options, scanner, wants_fixes, context)
                                : cluster->Scan(scanner, (*policies)->workloads(), options.default_namespace, context);
  TellProblems(report, context);
  WriteReport(options, report, context);
  if (context.exit_code == kExitOk && report.Count().denied > 0) context.exit_code = kExitFindings;
}

}  // namespace

void AddScanCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("scan", "Say what the cluster would say to manifests");
  const auto options = std::make_shared<ScanOptions>();
  AddPoliciesOption(*command, options->policies);
  AddNamespacesOption(*command, options->namespaces);
  command
      ->add_option("--namespace", options->default_namespace,
                   "The namespace of objects that name none (default); with --cluster the only one that is looked at")
      ->type_name("NAME");
  AddClusterOptions(*command, options->cluster);
  std::set<std::string> formats;
  for (const Format& format : AllFormats()) formats.emplace(format.name);
  command->add_option("--format", options->format, "How to tell it")
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
  command->add_option("--output", options->output, "Where to write it instead of standard output")->type_name("FILE");
  AddColourOption(*command, options->colour);
  command->add_option("PATH", options->paths,
                      "YAML or JSON files, folders of *.yaml, *.yml and *.json, - for standard input");
  command->footer(
      "Pods and pod templates are judged as they will be in the cluster, after injection. Folders leave out what their "
      ".tidewaiterignore files name, in the patterns of gitignore.\n"
      "  helm template ./chart | tidewaiter scan -\n"
      "  kustomize build overlays/production | tidewaiter scan --namespace shop -\n"
      "  tidewaiter scan --cluster --kubeconfig ~/.kube/config\n"
      "With --cluster what runs is judged, by the PodPolicy resources where no --policies are given; what a workload "
      "made is not judged again.\n"
      "Exit code: 0 when all would be allowed, 1 when something would be denied, 2 when something could not be read "
      "(what could be is judged none the less).");
  command->callback([options, &context] { RunScan(*options, context); });
}

}  // namespace tidewaiter
