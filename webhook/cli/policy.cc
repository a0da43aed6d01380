// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter policy check`: loads policy documents as the server would and says what is wrong with each. `policy
// schema`: their JSON Schema. `policy crd`: their CustomResourceDefinition.
// Tested by tests/cli/command_line_test.cc.
#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "webhook/cli/command_line.h"
#include "webhook/cli/scan/formats.h"
#include "webhook/kube/text.h"
#include "webhook/policy/json_schema.h"
#include "webhook/policy/policy_crd.h"
#include "webhook/policy/policy_loader.h"
#include "webhook/policy/policy_warnings.h"

namespace tidewaiter {
namespace {

std::size_t CountControls(const PolicySet& policies) {
  std::size_t count = 0;
  for (const Policy& policy : policies.policies()) count += policy.controls.size();
  return count;
}

void RunPolicyCheck(const std::vector<std::string>& paths, CommandContext& context) {
  const absl::StatusOr<std::shared_ptr<const PolicySet>> policies = LoadPolicies(paths);
  if (!policies.ok()) return context.Fail(MessageOf(policies.status()));
  for (const Policy& policy : (*policies)->policies()) {
    context.streams.out << policy.source << ": " << policy.name << ": "
                        << Counted(policy.controls.size(), "control", "controls") << "\n";
  }
  const Date today = DateOf(absl::ToUnixSeconds(absl::Now()));
  for (const std::string& warning : FindPolicyWarnings(**policies, today)) {
    context.streams.err << "warning: " << warning << "\n";
  }
  context.streams.out << "ok: " << Counted((*policies)->policies().size(), "policy", "policies") << ", "
                      << Counted(CountControls(**policies), "control", "controls") << "\n";
}

void AddPolicySchemaCommand(CLI::App& policy, CommandContext& context) {
  CLI::App* schema = policy.add_subcommand("schema", "Print the JSON Schema of policy documents, for editors");
  schema->footer("In a policy file: # yaml-language-server: $schema=podpolicy.schema.json");
  schema->callback([&context] { context.streams.out << PolicyJsonSchema(); });
}

void AddPolicyCrdCommand(CLI::App& policy, CommandContext& context) {
  CLI::App* crd = policy.add_subcommand("crd", "Print the CustomResourceDefinition of policies, for the cluster");
  crd->footer("tidewaiter policy crd | kubectl apply --server-side -f -");
  crd->callback([&context] { context.streams.out << PolicyCustomResourceDefinition(); });
}

}  // namespace

void AddPolicyCommand(CLI::App& app, CommandContext& context) {
  CLI::App* policy = app.add_subcommand("policy", "Work on policy documents");
  policy->require_subcommand(1);
  AddPolicySchemaCommand(*policy, context);
  AddPolicyCrdCommand(*policy, context);
  AddPolicyTestCommand(*policy, context);
  AddPolicyDiffCommand(*policy, context);
  CLI::App* check = policy->add_subcommand("check", "Say whether policy documents can be loaded, and why not");
  const auto paths = std::make_shared<std::vector<std::string>>();
  check->add_option("FILE", *paths, "Policy files, or folders of *.yaml")->required();
  check->footer(
      "Exit code: 0 when all can be loaded, 2 otherwise; every error names file, line, column and key. What can be "
      "loaded and is odd (an exemption that is over, policies that deny what others inject) is a warning on stderr.");
  check->callback([paths, &context] { RunPolicyCheck(*paths, context); });
}

}  // namespace tidewaiter
