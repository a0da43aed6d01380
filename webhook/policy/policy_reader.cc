// SPDX-License-Identifier: Apache-2.0
//
// From checked keys to checked meaning.
#include "webhook/policy/policy_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "webhook/kube/quoted.h"
#include "webhook/kube/workload.h"
#include "webhook/policy/policy_document.h"

namespace tidewaiter {
namespace {

using Kind = DocumentNode::Kind;

// A node as text that is equal for equal meaning, whatever its layout: the fingerprint of settings.
void AppendCanonical(const DocumentNode& node, std::string& text) {
  StrAppend(&text, static_cast<int>(node.kind), ":");
  if (node.kind == Kind::kSequence) {
    for (const DocumentNode& item : node.items) AppendCanonical(item, text);
    text += "]";
  } else if (node.kind == Kind::kMapping) {
    std::map<std::string_view, const DocumentNode*> sorted;
    for (const auto& [key, value] : node.entries) sorted.emplace(key.text, &value);
    for (const auto& [key, value] : sorted) {
      StrAppend(&text, key.size(), ".", key, "=");
      AppendCanonical(*value, text);
    }
    text += "}";
  } else {
    StrAppend(&text, node.text.size(), ".", node.text);
  }
}

std::string FingerprintOf(const DocumentNode* node, const StandardContext& standard) {
  std::string text = StrCat(standard.minor, standard.is_expanded ? "e" : "-", standard.inject ? "i" : "-");
  if (node != nullptr) AppendCanonical(*node, text);
  return text;
}

// Reads what a policy says of its controls.
class ControlsReader {
 public:
  ControlsReader(const SpecDocument& spec, PolicyErrors& errors) : errors_(errors), mode_(*ModeFromName(spec.mode)) {
    if (!spec.pod_security.has_value()) return;
    standard_.inject = spec.pod_security->inject;
    standard_.minor = ParseStandardVersion(spec.pod_security->version).value();
    expanded_ = StandardControls(spec.pod_security->level, standard_.minor);
  }

  std::vector<AppliedControl> Read(const DocumentNode* controls) && {
    std::set<const Control*> named;
    if (controls != nullptr) {
      for (const auto& [key, node] : controls->entries) {
        if (const Control* control = FindNamed(key); control != nullptr) {
          named.insert(control);
          ReadOne(*control, node);
        }
      }
    }
    for (const Control* control : expanded_) {
      if (!named.contains(control)) Apply(*control, nullptr, mode_);
    }
    std::sort(applied_.begin(), applied_.end(),
              [](const AppliedControl& a, const AppliedControl& b) { return a.control->info.id < b.control->info.id; });
    return std::move(applied_);
  }

 private:
  const Control* FindNamed(const DocumentNode& key) {
    const Control* control = FindControl(key.text);
    if (control != nullptr) return control;
    std::vector<std::string_view> ids;
    for (const Control* known : AllControls()) ids.push_back(known->info.id);
    const std::string_view nearest = NearestName(key.text, ids);
    errors_.Take(key.Error(nearest.empty() ? std::string("unknown control; `tidewaiter controls` lists them")
                                           : StrCat("unknown control; did you mean ", Quoted(nearest), "?")));
    return nullptr;
  }

  // `false` switches off, `true` and nothing at all are the defaults, a mapping is settings and perhaps `mode`.
  void ReadOne(const Control& control, DocumentNode node) {
    if (node.kind == Kind::kBoolean) {
      if (node.text[0] == 'f' || node.text[0] == 'F') return;
      node.kind = Kind::kNull;
      node.text.clear();
    }
    Mode mode = mode_;
    if (const DocumentNode* given = node.Find("mode"); given != nullptr) {
      std::string name;
      const SettingBounds bounds{.one_of = {"enforce", "warn", "audit"}};
      if (errors_.Take(ReadSetting(*given, bounds, name))) return;
      mode = *ModeFromName(name);
      std::erase_if(node.entries, [](const auto& entry) { return entry.key.text == "mode"; });
    }
    Apply(control, &node, mode);
  }

  void Apply(const Control& control, const DocumentNode* node, Mode mode) {
    StandardContext standard = standard_;
    standard.is_expanded = std::find(expanded_.begin(), expanded_.end(), &control) != expanded_.end();
    standard.inject = standard.inject && standard.is_expanded;
    absl::StatusOr<ControlSettings> settings = control.parse(node, standard);
    if (errors_.Take(settings.status())) return;
    applied_.push_back({.control = &control,
                        .mode = mode,
                        .settings = *std::move(settings),
                        .fingerprint = FingerprintOf(node, standard)});
  }

  PolicyErrors& errors_;
  const Mode mode_;
  StandardContext standard_;
  std::vector<const Control*> expanded_;
  std::vector<AppliedControl> applied_;
};

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

// A kind that is built in, or that a row explains, is known; the others wait for the rows of other documents.
void ReadKinds(const DocumentNode& node, const SpecDocument& spec, Policy& policy, PolicyParts& parts) {
  for (std::size_t i = 0; i < spec.match.kinds.size(); ++i) {
    KindPattern pattern = KindPatternOf(spec.match.kinds[i]);
    const bool is_built_in = pattern.group.has_value() ? PodPointerOf(*pattern.group, pattern.kind).has_value()
                                                       : IsWorkloadKindName(pattern.kind);
    if (!is_built_in) {
      const DocumentNode& item = NodeAt(node, {"spec", "match", "kinds"}).items[i];
      std::string names;
      for (const std::string_view name : WorkloadKindNames()) StrAppend(&names, names.empty() ? "" : ", ", name);
      const std::string_view nearest = NearestName(pattern.kind, WorkloadKindNames());
      parts.open_kinds.push_back({.kind = pattern,
                                  .unknown = item.Error(StrCat(
                                      Quoted(item.text), " is none of ", names, ", and no row of spec.workloads has it",
                                      nearest.empty() ? "" : StrCat("; did you mean ", Quoted(nearest), "?")))});
    }
    policy.match.kinds.push_back(std::move(pattern));
  }
}

// The ids under `controls`, as controls; "*" is all of them, which an empty list means inside.
void ReadExemptControls(const DocumentNode& list, Exemption& exemption, PolicyErrors& errors) {
  if (list.items.empty()) errors.Take(list.Error("names no control; use \"*\" for all"));
  std::vector<std::string_view> ids;
  for (const Control* control : AllControls()) ids.push_back(control->info.id);
  bool is_all = false;
  for (const DocumentNode& item : list.items) {
    const Control* control = FindControl(item.text);
    is_all = is_all || item.text == "*";
    if (control != nullptr) {
      exemption.controls.push_back(control);
    } else if (item.text != "*") {
      const std::string_view nearest = NearestName(item.text, ids);
      errors.Take(item.Error(StrCat(Quoted(item.text), " is no control",
                                    nearest.empty() ? "" : StrCat("; did you mean ", Quoted(nearest), "?"))));
    }
  }
  if (is_all) exemption.controls.clear();
  std::sort(exemption.controls.begin(), exemption.controls.end());
}

void ReadExemptions(const DocumentNode& node, SpecDocument& spec, Policy& policy, PolicyErrors& errors) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < spec.exemptions.size(); ++i) {
    ExemptionDocument& document = spec.exemptions[i];
    const DocumentNode& item = NodeAt(node, {"spec", "exemptions"}).items[i];
    if (!names.insert(document.name).second) errors.Take(item.Find("name")->Error("given twice in this policy"));
    Exemption exemption{.name = document.name,
                        .reason = document.reason,
                        .until = document.until.date,
                        .namespaces = document.match.namespaces,
                        .names = document.match.names,
                        .images = document.match.images,
                        .containers = document.match.containers,
                        .service_accounts = document.match.service_accounts,
                        .users = document.match.users,
                        .controls = {}};
    ReadExemptControls(*item.Find("controls"), exemption, errors);
    policy.exemptions.push_back(std::move(exemption));
  }
}

void ReadWorkloads(const DocumentNode& node, const SpecDocument& spec, PolicyParts& parts, PolicyErrors& errors) {
  for (std::size_t i = 0; i < spec.workloads.size(); ++i) {
    const WorkloadDocument& document = spec.workloads[i];
    if (PodPointerOf(document.group, document.kind).has_value()) {
      errors.Take(NodeAt(node, {"spec", "workloads"}).items[i].Error("is built in already"));
    }
    WorkloadRow row{.group = document.group, .kind = document.kind, .pod_template = document.pod_template};
    if (std::find(parts.workloads.begin(), parts.workloads.end(), row) == parts.workloads.end()) {
      parts.workloads.push_back(std::move(row));
    }
  }
}

}  // namespace

void PolicyErrors::Add(std::string_view line) {
  if (++count_ <= kMostLines) StrAppend(&text_, text_.empty() ? "" : "\n", line);
}

bool PolicyErrors::Take(const absl::Status& status) {
  if (!status.ok()) Add(MessageOf(status));
  return !status.ok();
}

absl::Status PolicyErrors::ToStatus() const {
  if (count_ <= kMostLines) return InvalidArgument(text_);
  return InvalidArgument(StrCat(text_, "\nand ", count_ - kMostLines, " more errors"));
}

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
  policy.source = StrCat(*node.file, ":", node.line);
  policy.match = {.include_namespaces = spec.match.namespaces.include,
                  .exclude_namespaces = spec.match.namespaces.exclude,
                  .namespace_selector = SelectorOf(spec.match.namespace_selector),
                  .object_selector = SelectorOf(spec.match.object_selector),
                  .kinds = {}};
  policy.enforce_from = spec.enforce_from.date;
  policy.enforce_percent = static_cast<int>(spec.enforce_percent);
  policy.controls = ControlsReader(spec, errors).Read(spec.controls.node);
  ReadKinds(node, spec, policy, parts);
  ReadExemptions(node, spec, policy, errors);
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
  for (const PolicyParts::OpenKind& open : parts.open_kinds) {
    const bool is_known = std::any_of(parts.workloads.begin(), parts.workloads.end(),
                                      [&](const WorkloadRow& row) { return open.kind.Matches(row.group, row.kind); });
    if (!is_known) errors.Take(open.unknown);
  }
}

}  // namespace tidewaiter
