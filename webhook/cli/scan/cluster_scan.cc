// SPDX-License-Identifier: Apache-2.0
//
// Object by object: of each only the findings stay.
#include "webhook/cli/scan/cluster_scan.h"

#include <unistd.h>

#include <iostream>
#include <iterator>
#include <map>
#include <utility>

#include "webhook/cli/cluster_objects.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"
#include "webhook/policy/yaml_text.h"

namespace tidewaiter {
namespace {

// The marks are of a text that only existed here; the columns still say where in the quoted line.
void ForgetLines(ScanFile& file) {
  for (ScanObject& object : file.objects) {
    object.place = {};
    for (ScanFinding& finding : object.findings) finding.begin.line = finding.end.line = 0;
  }
  for (ScanProblem& problem : file.problems) problem.place = {};
}

void MoveInto(ScanFile from, ScanFile& to) {
  std::move(from.objects.begin(), from.objects.end(), std::back_inserter(to.objects));
  std::move(from.problems.begin(), from.problems.end(), std::back_inserter(to.problems));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ClusterScan>> ClusterScan::Open(const ClusterOptions& options) {
  absl::StatusOr<std::optional<ClusterConfig>> config = LoadClusterConfig(options);
  if (!config.ok()) return config.status();
  if (!config->has_value()) return std::unique_ptr<ClusterScan>();
  return std::unique_ptr<ClusterScan>(new ClusterScan(**std::move(config)));
}

absl::StatusOr<std::shared_ptr<const PolicySet>> ClusterScan::Policies(const std::vector<std::string>& paths,
                                                                       CommandContext& context) {
  if (!paths.empty()) return LoadPolicies(paths);
  absl::StatusOr<FoundPolicies> found = ReadClusterPolicies(client_);
  if (!found.ok()) return found.status();
  for (const std::string& problem : found->problems) context.Fail(problem);
  if (!found->has_definition) {
    context.streams.err << "note: this cluster has no PodPolicy resources: judged by the built-in policy\n";
    return LoadPolicies({});
  }
  if (found->policies->policies().empty()) {
    context.streams.err << "note: no PodPolicy is in force in this cluster, so that nothing is required; --policies "
                           "judges by files\n";
  }
  return std::move(found->policies);
}

absl::StatusOr<std::shared_ptr<const FixedNamespaces>> ClusterScan::Namespaces(const std::string& path) {
  return path.empty() ? ReadClusterNamespaces(client_) : LoadNamespaces(path);
}

ScanReport ClusterScan::Scan(const Scanner& scanner, const std::vector<WorkloadRow>& rows,
                             const std::string& namespace_name, CommandContext& context) {
  std::map<std::string, ScanFile> by_namespace;
  ClusterProgress progress(context.streams.err, isatty(STDERR_FILENO) == 1);
  const ClusterWorkloads workloads =
      ForEachClusterWorkload(client_, rows, namespace_name, progress, [&](const ClusterObject& object) {
        const std::string path = StrCat("namespaces/", object.namespace_name);
        ScanFile scanned = scanner.Scan(path, WriteYaml(nlohmann::ordered_json(object.object)));
        ForgetLines(scanned);
        ScanFile& file = by_namespace[object.namespace_name];
        file.path = path;
        MoveInto(std::move(scanned), file);
      });
  for (const std::string& problem : workloads.problems) context.Fail(problem);
  ScanReport report;
  report.owned = workloads.owned;
  for (auto& [name, file] : by_namespace) report.files.push_back(std::move(file));
  return report;
}

}  // namespace tidewaiter
