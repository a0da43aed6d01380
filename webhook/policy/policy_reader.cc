// SPDX-License-Identifier: Apache-2.0
//
// From checked keys to checked meaning.
#include "webhook/policy/policy_reader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "webhook/kube/glob.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/workload.h"
#include "webhook/policy/controls_reader.h"
#include "webhook/policy/exemption_reader.h"
#include "webhook/policy/policy_document.h"

namespace tidewaiter {
namespace {

// The schema has checked it.
std::optional<LabelSelector> SelectorOf(const LabelSelectorDocument& document) {
  LabelSelector selector;
  for (const auto& [key, value] : document.match_labels) selector.AddMatchLabel(key, value).IgnoreError();
  for (const LabelExpressionDocument& expression : document.match_expressions) {
    selector.AddMatchExpression(expression.key, expression.op, expression.values).IgnoreError();
  }
  if (selector.requirements.empty()) return std::nullopt;
  return selector;
}

KindPattern KindPatternOf(const std::string& text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos) return {.kind = text, .group = {}};
  return {.kind = text.substr(0, dot), .group = text.substr(dot + 1)};
}

// The node at a path of keys, which was read before.
const DocumentNode& NodeAt(const DocumentNode& root, std::initializer_list<std::string_view> keys) {
  const DocumentNode* node = &root;
  for (const std::string_view key : keys) node = node->Find(key);
  return *node;
}

absl::Status RefuseKind(const DocumentNode& item, std::string_view kind) {
  if (kind.find_first_of(kGlobWildcards) != std::string_view::npos) {
    return item.Error(StrCat(Quoted(item.text), " is a pattern, and kinds are named in full; for all kinds leave out ",
                             "spec.match.kinds"));
  }
  std::string names;
  for (const std::string_view name : WorkloadKindNames()) StrAppend(&names, names.empty() ? "" : ", ", name);
  return item.Error(StrCat(Quoted(item.text), " is none of ", names, ", and no row of spec.workloads has it",
                           DidYouMean(kind, WorkloadKindNames())));
}

// A kind that is built in, or that a row explains, is known; the others wait for the rows of other documents.
void ReadKinds(const DocumentNode& node, const SpecDocument& spec, Policy& policy, PolicyParts& parts) {
  for (std::size_t i = 0; i < spec.match.kinds.size(); ++i) {
    KindPattern pattern = KindPatternOf(spec.match.kinds[i]);
    const bool is_built_in = pattern.group.has_value() ? PodPointerOf(*pattern.group, pattern.kind).has_value()
                                                       : IsWorkloadKindName(pattern.kind);
    if (!is_built_in) {
      const DocumentNode& item = NodeAt(node, {"spec", "match", "kinds"}).items[i];
      // More than these are only counted, see PolicyErrors.
      const bool is_told = parts.open_kinds.size() < PolicyErrors::kMostLines;
      parts.open_kinds.push_back(
          {.kind = pattern, .unknown = is_told ? RefuseKind(item, pattern.kind) : item.Error("unknown kind")});
    }
    policy.match.kinds.push_back(std::move(pattern));
  }
}

void ReadWorkloads(const DocumentNode& node, const SpecDocument& spec, PolicyParts& parts, PolicyErrors& errors) {
  for (std::size_t i = 0; i < spec.workloads.size(); ++i) {
    const WorkloadDocument& document = spec.workloads[i];
    if (PodPointerOf(document.group, document.kind).has_value()) {
      errors.Take(NodeAt(node, {"spec", "workloads"}).items[i].Error("is built in already"));
    }
    WorkloadRow row{.group = document.group, .kind = document.kind, .pod_template = document.pod_template};
    if (parts.known_workloads.insert(row).second) parts.workloads.push_back(std::move(row));
  }
}

}  // namespace

void ReadPolicy(const DocumentNode& node, PolicyParts& parts, PolicyErrors& errors) {
  PodPolicyDocument document;
  if (errors.Take(PodPolicyDocument::Schema().Read(node, document))) return;
  SpecDocument& spec = document.spec;
  const DocumentNode& spec_node = *node.Find("spec");
  if (spec.controls.node == nullptr && !spec.pod_security.has_value()) {
    errors.Take(spec_node.Error("asks for nothing: one of the keys \"controls\", \"podSecurity\" is missing"));
    return;
  }
  Policy policy;
  policy.name = document.metadata.name;
  policy.source = node.line == 0 ? *node.file : StrCat(*node.file, ":", node.line);
  policy.match = {.include_namespaces = spec.match.namespaces.include,
                  .exclude_namespaces = spec.match.namespaces.exclude,
                  .namespace_selector = SelectorOf(spec.match.namespace_selector),
                  .object_selector = SelectorOf(spec.match.object_selector),
                  .kinds = {}};
  policy.enforce_from = spec.enforce_from.date;
  policy.enforce_percent = static_cast<int>(spec.enforce_percent);
  const std::size_t errors_before = errors.count();
  const PolicyControls controls(spec, errors);
  policy.controls = controls.applied();
  if (policy.controls.empty() && errors.count() == errors_before) {
    const DocumentNode& place = spec.controls.node == nullptr ? spec_node : *spec.controls.node;
    errors.Take(place.Error("applies no control: the policy would judge nothing"));
  }
  ReadKinds(node, spec, policy, parts);
  if (!spec.exemptions.empty()) {
    policy.exemptions = ReadExemptions(NodeAt(node, {"spec", "exemptions"}), spec.exemptions, controls, errors);
  }
  ReadWorkloads(node, spec, parts, errors);
  parts.policies.push_back(std::move(policy));
}

void CheckParts(const PolicyParts& parts, PolicyErrors& errors) {
  std::map<std::string_view, const Policy*> by_name;
  for (const Policy& policy : parts.policies) {
    const auto [other, is_new] = by_name.emplace(policy.name, &policy);
    if (!is_new) {
      errors.Add(StrCat(policy.source, ": metadata.name: ", Quoted(policy.name), " is the name of the policy at ",
                        other->second->source, " as well"));
    }
  }
  CheckKinds(parts, parts.workloads, errors);
}

void CheckKinds(const PolicyParts& parts, const std::vector<WorkloadRow>& rows, PolicyErrors& errors) {
  std::set<std::pair<std::string_view, std::string_view>> kinds;  // with "" for any group
  for (const WorkloadRow& row : rows) {
    kinds.emplace(row.kind, row.group);
    kinds.emplace(row.kind, "");
  }
  for (const PolicyParts::OpenKind& open : parts.open_kinds) {
    const std::string_view group = open.kind.group.has_value() ? std::string_view(*open.kind.group) : "";
    if (!kinds.contains({open.kind.kind, group})) errors.Take(open.unknown);
  }
}

}  // namespace tidewaiter
