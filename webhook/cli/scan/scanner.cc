// SPDX-License-Identifier: Apache-2.0
//
// Document by document, item by item.
#include "webhook/cli/scan/scanner.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "webhook/cli/scan/source_lines.h"
#include "webhook/cli/scan/templating.h"
#include "webhook/engine/finding_groups.h"
#include "webhook/kube/field_table.h"
#include "webhook/kube/json.h"
#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_json.h"
#include "webhook/manifest/manifest_place.h"

namespace tidewaiter {
namespace {

bool HasApiVersion(const GroupVersionKind& kind) { return !kind.version.empty() || !kind.group.empty(); }

// A list of containers with images somewhere below: what a pod template looks like.
bool LooksLikePodTemplate(const ManifestDocument& document, NodeId node, int depth = 0) {
  if (depth > 12 || document.KindOf(node) != NodeKind::kMapping) return false;
  if (const NodeId containers = document.FindValue(node, "containers"); containers != kNoNode) {
    const NodeId first = document.ElementAt(containers, 0);
    if (first != kNoNode && document.FindValue(first, "image") != kNoNode) return true;
  }
  bool is_found = false;
  document.ForEachMember(node, [&](const ManifestDocument::Member& member) {
    is_found = is_found || LooksLikePodTemplate(document, member.value, depth + 1);
  });
  return is_found;
}

// Where the object cannot be read: decoded once more, for the pointer that the engine's message does not hold.
std::string FindUnreadable(JsonValue object, const std::vector<std::string>& patterns) {
  if (const auto metadata = DecodeObjectMeta(object); !metadata.ok()) return PointerOf(metadata.status());
  for (const std::string& pattern : patterns) {
    const absl::StatusOr<std::vector<TemplatePlace>> places = FindTemplates(object, pattern);
    if (!places.ok()) return PointerOf(places.status());
    if (places->empty()) return pattern;
    for (const TemplatePlace& place : *places) {
      if (const auto pod = DecodePodAt(object, place.pointer); !pod.ok()) return PointerOf(pod.status());
    }
  }
  return {};
}

// What is said of the object beside the findings: what may come of a default that is injected, a kind whose template is
// not where a policy says.
std::vector<std::string> NotesOf(const Decision& decision) {
  std::vector<std::string> notes;
  if (decision.warnings.empty()) return notes;
  const std::vector<FindingGroup> groups = GroupFindings(decision.findings);
  for (const std::string& warning : decision.warnings) {
    const bool is_finding = std::any_of(groups.begin(), groups.end(),
                                        [&](const FindingGroup& group) { return group.Warning() == warning; });
    if (!is_finding && !warning.starts_with("and ")) notes.push_back(warning);
  }
  return notes;
}

}  // namespace

// What belongs to the file that is being scanned.
struct Scanner::Work {
  ScanFile& file;
  SourceLines lines;
  std::string json;
};

ScanFile Scanner::Scan(std::string path, std::string_view text) const {
  ScanFile file;
  file.path = std::move(path);
  Work work{.file = file, .lines = SourceLines(text), .json = {}};
  ForEachManifestObject(
      text, file.path.ends_with(".json"), [&](const ManifestObject& item) { ScanItem(item, work); },
      [&](SourceMark place, std::string_view message) {
        file.problems.push_back({place, std::string(message)});
      });
  if (!file.problems.empty()) ExplainTemplates(text, file);
  return file;
}

void Scanner::ForEachWorkload(const ManifestDocument& document, VisitWorkload visit) const {
  ForEachObjectOf(
      document,
      [&](const ManifestObject& item) {
        if (IsWorkload(item.kind)) visit(item.node, item.kind);
      },
      [](SourceMark, std::string_view) {});  // of which Scan tells
}

AdmissionRequest Scanner::RequestOf(const ManifestDocument& document, NodeId node, const GroupVersionKind& kind,
                                    JsonValue object) const {
  AdmissionRequest request;
  request.kind = kind;
  request.operation = "CREATE";
  request.object = object;
  const NodeId metadata = document.FindValue(node, "metadata");
  const NodeId name_space = metadata == kNoNode ? kNoNode : document.FindValue(metadata, "namespace");
  if (name_space == kNoNode || document.StringOf(name_space).empty()) request.namespace_name = default_namespace_;
  return request;
}

bool Scanner::IsWorkload(const GroupVersionKind& kind) const {
  return HasApiVersion(kind) && IsJudgedKind(kind, context_.policies);
}

void Scanner::ScanItem(const ManifestObject& item, Work& work) const {
  const auto& [document, node, kind] = item;
  if (IsWorkload(kind)) return ScanWorkload(document, node, kind, work);
  if (!HasApiVersion(kind) && IsWorkloadKindName(kind.kind)) {
    work.file.problems.push_back({FindPlace(document, node, "").begin,
                                  StrCat(kind.kind, ": apiVersion: required: without it this is no object")});
    return;
  }
  if (!kind.kind.empty()) ++work.file.passed_over;
  // A saved review holds an object, and is none.
  if (!kind.group.empty() && kind.kind != "AdmissionReview" && LooksLikePodTemplate(document, node)) {
    work.file.untold_kinds.push_back(StrCat(kind.kind, ".", kind.group));
  }
}

void Scanner::ScanWorkload(const ManifestDocument& document, NodeId node, const GroupVersionKind& kind,
                           Work& work) const {
  const SourceMark begin = FindPlace(document, node, "").begin;
  const auto fail = [&](SourceMark place, std::string message) {
    work.file.problems.push_back({place, std::move(message)});
  };
  if (const auto problem = WriteManifestJson(document, node, work.json)) return fail(problem->place, problem->message);
  const absl::StatusOr<JsonDocument> object = JsonDocument::Parse(work.json);
  if (!object.ok()) return fail(begin, std::string(MessageOf(object.status())));
  const Decision decision = JudgeObject(RequestOf(document, node, kind, object->root()), context_);
  const NodeId metadata = document.FindValue(node, "metadata");
  ScanObject judged{.group = std::string(kind.group),
                    .kind = std::string(kind.kind),
                    .namespace_name = decision.namespace_name,
                    .name = decision.name,
                    .place = begin,
                    .findings = {},
                    .notes = {},
                    .exempt_findings = 0};
  if (judged.name == "*") judged.name.clear();  // of neither name nor generateName
  if (judged.name.empty()) {
    const NodeId name = metadata == kNoNode ? kNoNode : document.FindValue(metadata, "name");
    if (name != kNoNode) judged.name = document.StringOf(name);
  }
  if (HoldsHelmTemplate(work.json)) {
    return fail(begin, StrCat(judged.Title(), ": ", kHelmAdvice));
  }
  if (!decision.is_allowed() && decision.outcome != Outcome::kDeny) {
    std::vector<std::string> patterns;
    if (const auto pointer = PodPointerOf(kind.group, kind.kind)) patterns.emplace_back(*pointer);
    for (const WorkloadRow& row : context_.policies.workloads()) {
      if (row.group == kind.group && row.kind == kind.kind) patterns.push_back(row.pod_template);
    }
    const std::string pointer = FindUnreadable(object->root(), patterns);
    const bool is_unreadable = decision.outcome == Outcome::kRefuse && !decision.error_reason.starts_with("unknown");
    return fail(FindPlace(document, node, is_unreadable ? pointer : "").begin,
                StrCat(judged.Title(), ": ",
                       is_unreadable ? decision.message.substr(decision.message.find(": ") + 2) : decision.message));
  }
  for (const JudgedFinding& found : decision.findings) {
    if (found.is_exempt()) {
      ++judged.exempt_findings;
      continue;
    }
    const ManifestPlace place = FindPlace(document, node, found.finding->pointer);
    judged.findings.push_back({.policy = found.policy,
                               .mode = found.mode,
                               .finding = std::make_shared<const Finding>(*found.finding),
                               .begin = place.begin,
                               .end = place.end,
                               .is_missing = !place.missing.empty(),
                               .source = work.lines.Line(place.begin.line)});
  }
  std::stable_sort(judged.findings.begin(), judged.findings.end(), [](const ScanFinding& a, const ScanFinding& b) {
    return std::tie(a.begin.line, a.begin.column) < std::tie(b.begin.line, b.begin.column);
  });
  judged.notes = NotesOf(decision);
  work.file.objects.push_back(std::move(judged));
}

}  // namespace tidewaiter
