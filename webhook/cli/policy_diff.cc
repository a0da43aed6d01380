// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter policy diff`: which workloads would be decided differently under other policies. Tested by
// tests/integration/policy_diff_test.py and, on a real cluster, tests/cluster/scan_cluster_test.py.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <ctime>
#include <iostream>
#include <iterator>

#include "webhook/cli/cluster_objects.h"
#include "webhook/cli/cluster_options.h"
#include "webhook/cli/command_line.h"
#include "webhook/cli/explain/object_source.h"
#include "webhook/cli/paint.h"
#include "webhook/cli/policy_diff/comparison.h"
#include "webhook/cli/scan/command_parts.h"
#include "webhook/cli/scan/formats.h"
#include "webhook/cli/scan/input.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

// Names of policies that are no files.
constexpr std::string_view kClusterPolicies = "cluster";
constexpr std::string_view kBuiltInPolicies = "built-in";

struct PolicyDiffOptions {
  std::string old_policies, new_policies;
  std::vector<std::string> paths;
  std::string namespaces;
  std::string name_space;
  ClusterOptions cluster;
  std::string format = "text";
  std::string colour = "auto";
};

struct Counts {
  std::size_t workloads = 0, different = 0, newly_denied = 0, no_longer_denied = 0, injection = 0, mode = 0, owned = 0;

  void Add(const WorkloadDifference& difference) {
    ++workloads;
    different += difference.is_different() ? 1 : 0;
    newly_denied += difference.is_newly_denied ? 1 : 0;
    no_longer_denied += difference.is_no_longer_denied ? 1 : 0;
    injection += difference.has_changed_injection() ? 1 : 0;
    mode += difference.modes.empty() ? 0 : 1;
  }
};

class DiffWriter {
 public:
  DiffWriter(const PolicyDiffOptions& options, std::ostream& out)
      : is_json_(options.format == "json"), paint_(WantsColours(options.colour)), out_(out) {}

  void Write(const WorkloadDifference& difference) {
    counts_.Add(difference);
    if (!difference.is_different()) return;
    is_json_ ? WriteJson(difference) : WriteText(difference);
  }

  void Finish(std::size_t owned) {
    counts_.owned = owned;
    if (is_json_) {
      const nlohmann::ordered_json json = {{"workloads", workloads_},
                                           {"summary",
                                            {{"workloads", counts_.workloads},
                                             {"different", counts_.different},
                                             {"newlyDenied", counts_.newly_denied},
                                             {"noLongerDenied", counts_.no_longer_denied},
                                             {"changedInjection", counts_.injection},
                                             {"changedMode", counts_.mode},
                                             {"passedOver", counts_.owned}}}};
      out_ << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
      return;
    }
    std::string line =
        counts_.different == 0
            ? StrCat("all of ", Counted(counts_.workloads, "workload", "workloads"), " would be decided as before")
            : StrCat(counts_.different, " of ", Counted(counts_.workloads, "workload", "workloads"),
                     " would be decided differently: ", counts_.newly_denied, " newly denied, ",
                     counts_.no_longer_denied, " no longer denied, ", counts_.injection, " with other injections, ",
                     counts_.mode, " with other modes");
    if (owned > 0) StrAppend(&line, " (", owned, " made by these passed over)");
    out_ << paint_(counts_.newly_denied > 0 ? Paint::kRed
                   : counts_.different > 0  ? Paint::kYellow
                                            : Paint::kGreen,
                   line)
         << "\n";
  }

  std::size_t different() const { return counts_.different; }

 private:
  void WriteLines(std::string_view mark, std::string_view colour, std::string_view what,
                  const std::vector<std::string>& lines) {
    for (const std::string& line : lines) out_ << "    " << paint_(colour, mark) << " " << what << line << "\n";
  }

  void WriteText(const WorkloadDifference& difference) {
    const std::string_view verdict = difference.is_newly_denied         ? "newly denied"
                                     : difference.is_no_longer_denied   ? "no longer denied"
                                     : difference.new_outcome == "deny" ? "denied as before, for other reasons or with "
                                                                          "other changes"
                                                                        : "allowed as before, and different";
    out_ << paint_(Paint::kBold, difference.title) << " " << paint_(Paint::kFaint, StrCat("(", difference.place, ")"))
         << ": "
         << paint_(difference.is_newly_denied       ? Paint::kRed
                   : difference.is_no_longer_denied ? Paint::kGreen
                                                    : Paint::kYellow,
                   verdict)
         << "\n";
    WriteLines("+", Paint::kRed, "denies: ", difference.newly_denying);
    WriteLines("-", Paint::kGreen, "denied: ", difference.no_longer_denying);
    WriteLines("~", Paint::kYellow, "mode: ", difference.modes);
    WriteLines("+", Paint::kYellow, "", difference.new_findings);
    WriteLines("-", Paint::kGreen, "", difference.gone_findings);
    WriteLines("+", Paint::kCyan, "injects: ", difference.injected);
    WriteLines("-", Paint::kCyan, "injected: ", difference.no_longer_injected);
    WriteLines("~", Paint::kCyan, "injects: ", difference.injected_otherwise);
  }

  void WriteJson(const WorkloadDifference& difference) {
    workloads_.push_back({{"place", difference.place},
                          {"workload", difference.title},
                          {"old", difference.old_outcome},
                          {"new", difference.new_outcome},
                          {"newlyDenied", difference.is_newly_denied},
                          {"noLongerDenied", difference.is_no_longer_denied},
                          {"newlyDenying", difference.newly_denying},
                          {"noLongerDenying", difference.no_longer_denying},
                          {"modes", difference.modes},
                          {"newFindings", difference.new_findings},
                          {"goneFindings", difference.gone_findings},
                          {"injected", difference.injected},
                          {"noLongerInjected", difference.no_longer_injected},
                          {"injectedOtherwise", difference.injected_otherwise}});
  }

  const bool is_json_;
  const Paint paint_;
  std::ostream& out_;
  Counts counts_;
  nlohmann::ordered_json workloads_ = nlohmann::ordered_json::array();
};

class Differ {
 public:
  Differ(const PolicyDiffOptions& options, CommandContext& context)
      : options_(options), context_(context), writer_(options, context.streams.out) {}

  void Run() {
    const absl::StatusOr<std::optional<ClusterConfig>> config = LoadClusterConfig(options_.cluster);
    if (!config.ok()) return context_.Fail(MessageOf(config.status()));
    std::optional<ApiClient> client;
    if (config->has_value()) client.emplace(**config);
    ApiClient* const cluster = client.has_value() ? &*client : nullptr;
    if (cluster == nullptr && options_.paths.empty()) return context_.Fail("what is to be judged? PATHs, or --cluster");
    if (!Load(options_.old_policies, cluster, old_) || !Load(options_.new_policies, cluster, new_)) return;
    if (!LoadNamespacesOf(cluster)) return;
    std::size_t owned = 0;
    if (!options_.paths.empty()) CompareFiles();
    if (cluster != nullptr) owned = CompareCluster(*cluster);
    writer_.Finish(owned);
    if (context_.exit_code == kExitOk && writer_.different() > 0) context_.exit_code = kExitFindings;
  }

 private:
  bool Load(const std::string& name, ApiClient* client, std::shared_ptr<const PolicySet>& policies) {
    absl::StatusOr<std::shared_ptr<const PolicySet>> loaded;
    if (name == kClusterPolicies) {
      absl::StatusOr<FoundPolicies> found =
          client == nullptr ? InvalidArgument("the policies of the cluster need --cluster (a file: ./cluster)")
                            : ReadClusterPolicies(*client);
      if (!found.ok()) return context_.Fail(MessageOf(found.status())), false;
      for (const std::string& problem : found->problems) context_.Fail(problem);
      loaded = std::move(found->policies);
    } else {
      loaded = LoadPolicies(name == kBuiltInPolicies ? std::vector<std::string>() : std::vector<std::string>{name});
    }
    if (!loaded.ok()) return context_.Fail(MessageOf(loaded.status())), false;
    policies = *std::move(loaded);
    return true;
  }

  bool LoadNamespacesOf(ApiClient* client) {
    auto namespaces = options_.namespaces.empty() && client != nullptr ? ReadClusterNamespaces(*client)
                                                                       : LoadNamespaces(options_.namespaces);
    if (!namespaces.ok()) return context_.Fail(MessageOf(namespaces.status())), false;
    namespaces_ = *std::move(namespaces);
    return true;
  }

  void CompareRequest(const AdmissionRequest& request, std::string place) {
    const Date today = DateOf(std::time(nullptr));
    const Explanation before = Explain(request, {.policies = *old_, .today = today, .namespaces = namespaces_.get()});
    const Explanation after = Explain(request, {.policies = *new_, .today = today, .namespaces = namespaces_.get()});
    WorkloadDifference difference = Compare(before, after);
    difference.place = std::move(place);
    // A side that does not know a custom resource has not read its name.
    const std::string& name = after.decision.name.empty() ? before.decision.name : after.decision.name;
    difference.title = StrCat(after.decision.kind, " ", after.decision.namespace_name, "/", name);
    writer_.Write(difference);
  }

  void CompareFiles() {
    const std::string default_namespace = options_.name_space.empty() ? "default" : options_.name_space;
    InputList input = ListInput(options_.paths);
    for (const std::string& problem : input.problems) context_.Fail(problem);
    // A custom resource is judged when either side knows it.
    std::vector<WorkloadRow> rows = old_->workloads();
    rows.insert(rows.end(), new_->workloads().begin(), new_->workloads().end());
    const PolicySet kinds({}, rows);
    for (const InputFile& file : input.files) {
      const absl::StatusOr<std::string> text =
          file.path == "-"
              ? std::string(std::istreambuf_iterator<char>(context_.streams.in), std::istreambuf_iterator<char>())
              : ReadInput(file.path);
      if (!text.ok()) {
        context_.Fail(StrCat(file.path, ": ", MessageOf(text.status())));
        continue;
      }
      const std::string name = file.path == "-" ? "standard input" : file.path;
      const auto problems = ForEachSourceObject(name, *text, kinds, default_namespace, [&](const SourceObject& source) {
        CompareRequest(source.request, StrCat(name, ":", source.LineOf("")));
      });
      for (const std::string& problem : problems) {
        if (!problem.ends_with(kHoldsNoObject) || file.is_named) context_.Fail(problem);
      }
    }
  }

  std::size_t CompareCluster(ApiClient& client) {
    std::vector<WorkloadRow> rows = old_->workloads();
    rows.insert(rows.end(), new_->workloads().begin(), new_->workloads().end());
    ClusterProgress progress(context_.streams.err, isatty(STDERR_FILENO) == 1);
    const ClusterWorkloads workloads =
        ForEachClusterWorkload(client, rows, options_.name_space, progress, [&](const ClusterObject& object) {
          const std::string text = WriteJson(object.object);
          const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
          if (!document.ok()) return context_.Fail(StrCat(object.name, ": ", MessageOf(document.status())));
          AdmissionRequest request;
          request.kind = {.group = object.group, .version = object.version, .kind = object.kind};
          request.operation = "CREATE";
          request.object = document->root();
          CompareRequest(request, StrCat("namespaces/", object.namespace_name));
        });
    for (const std::string& problem : workloads.problems) context_.Fail(problem);
    return workloads.owned;
  }

  const PolicyDiffOptions& options_;
  CommandContext& context_;
  DiffWriter writer_;
  std::shared_ptr<const PolicySet> old_, new_;
  std::shared_ptr<const FixedNamespaces> namespaces_;
};

}  // namespace

void AddPolicyDiffCommand(CLI::App& policy, CommandContext& context) {
  CLI::App* command = policy.add_subcommand("diff", "Say which workloads other policies would decide differently");
  const auto options = std::make_shared<PolicyDiffOptions>();
  command->add_option("OLD", options->old_policies, "Policy file or folder; built-in; or cluster, for its resources")
      ->required();
  command->add_option("NEW", options->new_policies, "The same, for what they are compared with")->required();
  command->add_option("PATH", options->paths, "Manifests: files, folders, - for standard input");
  AddNamespacesOption(*command, options->namespaces);
  command
      ->add_option("--namespace", options->name_space,
                   "The namespace of objects that name none; with --cluster the only one that is looked at")
      ->type_name("NAME");
  AddClusterOptions(*command, options->cluster);
  command->add_option("--format", options->format, "How to tell it")
      ->check(CLI::IsMember({"json", "text"}))
      ->capture_default_str();
  AddColourOption(*command, options->colour);
  command->footer(
      "Asked before a roll-out: what is denied newly or no longer, what is injected otherwise, what counts in another "
      "mode.\n"
      "  tidewaiter policy diff policies/ new/ manifests/\n"
      "  tidewaiter policy diff cluster new/ --cluster --kubeconfig ~/.kube/config\n"
      "Exit code: 0 when all would be decided as before, 1 when not, 2 when something could not be read.");
  command->callback([options, &context] { Differ(*options, context).Run(); });
}

}  // namespace tidewaiter
