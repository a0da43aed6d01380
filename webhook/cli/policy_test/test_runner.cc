// SPDX-License-Identifier: Apache-2.0
//
// One request for each test, explained, and the explanation compared with what was expected.
#include "webhook/cli/policy_test/test_runner.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "webhook/cli/manifest_objects.h"
#include "webhook/cli/scan/input.h"
#include "webhook/engine/explanation.h"
#include "webhook/kube/field_path.h"
#include "webhook/manifest/manifest_json.h"
#include "webhook/policy/policy_errors.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {
namespace {

using Names = std::set<std::string>;

std::string Beside(const TestFile& file, const std::string& path) {
  const std::filesystem::path other(path);
  return other.is_absolute() ? path : (std::filesystem::path(file.path).parent_path() / other).string();
}

// An object of a manifest, as the API server would send it.
struct TestObject {
  std::string group, version, kind, name, name_space, json;
  std::string Title() const { return StrCat(kind, "/", name); }
};

absl::StatusOr<std::vector<TestObject>> ReadObjects(const std::string& path, const PolicySet& policies) {
  const absl::StatusOr<std::string> text = ReadInput(path);
  if (!text.ok()) return InvalidArgument(StrCat(path, ": ", MessageOf(text.status())));
  std::vector<TestObject> objects;
  absl::Status status;
  const auto fail = [&](SourceMark place, std::string_view message) {
    if (status.ok()) status = InvalidArgument(StrCat(path, ":", place.line, ":", place.column, ": ", message));
  };
  ForEachManifestObject(
      *text, path.ends_with(".json"),
      [&](const ManifestObject& found) {
        if (!IsJudgedKind(found.kind, policies)) return;
        TestObject object{.group = std::string(found.kind.group),
                          .version = std::string(found.kind.version),
                          .kind = std::string(found.kind.kind),
                          .name = std::string(found.Metadata("name")),
                          .name_space = std::string(found.Metadata("namespace")),
                          .json = {}};
        if (const auto problem = WriteManifestJson(found.document, found.node, object.json)) {
          fail(problem->place, problem->message);
        }
        objects.push_back(std::move(object));
      },
      fail);
  if (!status.ok()) return status;
  return objects;
}

class Comparison {
 public:
  Comparison(const TestExpectDocument& expect, const Explanation& explanation, PolicyTestResult& result)
      : expect_(expect), explanation_(explanation), result_(result) {}

  void Run() {
    const std::string decision = DecisionText();
    result_.decision = decision;
    if (decision != expect_.decision) {
      Differ(StrCat("decision: expected ", expect_.decision, ", and it is ", decision, Because(decision)));
    }
    ComparePolicies();
    const auto& findings = explanation_.decision.findings;
    Compare("deny", expect_.deny, findings, [](const JudgedFinding& f) { return f.denies(); });
    Compare("warn", expect_.warn, findings,
            [](const JudgedFinding& f) { return !f.is_exempt() && !f.denies() && f.mode != Mode::kAudit; });
    Compare("audit", expect_.audit, findings,
            [](const JudgedFinding& f) { return !f.is_exempt() && f.mode == Mode::kAudit; });
    Compare("exempt", expect_.exempt, findings, [](const JudgedFinding& f) { return f.is_exempt(); });
    if (expect_.inject.node != nullptr) CompareInjections();
  }

 private:
  void Differ(std::string text) { result_.differences.push_back(std::move(text)); }

  std::string DecisionText() const {
    switch (explanation_.decision.outcome) {
      case Outcome::kDeny:
        return "deny";
      case Outcome::kRefuse:
      case Outcome::kError:
        return "refuse";
      case Outcome::kWarn:
        return "warn";
      case Outcome::kAllow:
      case Outcome::kPatch:
        break;
    }
    return "allow";
  }

  std::string Because(std::string_view decision) const {
    const Decision& made = explanation_.decision;
    if (decision == "refuse") return StrCat(": ", made.message);
    if (!explanation_.unjudged.empty()) return StrCat(": ", explanation_.unjudged);
    std::string names;
    for (const JudgedFinding& finding : made.findings) {
      const bool is_cause = decision == "deny" ? finding.denies() : finding.mode != Mode::kAudit;
      if (finding.is_exempt() || !is_cause) continue;
      const std::string name = NameOf(finding);
      if (names.find(name) == std::string::npos) StrAppend(&names, names.empty() ? ": " : ", ", name);
    }
    return names;
  }

  static std::string NameOf(const JudgedFinding& finding) {
    return StrCat(finding.policy, "/", finding.finding->control);
  }

  // A test of nothing would pass whatever the policy asks: that no policy applies must have been meant.
  void ComparePolicies() {
    Names applying;
    for (const PolicyExplanation& policy : explanation_.policies) {
      if (policy.reason.answer == MatchAnswer::kApplies) applying.insert(policy.policy->name);
    }
    if (expect_.policies.has_value()) {
      DiffNames("policies", Names(expect_.policies->begin(), expect_.policies->end()), applying);
    } else if (applying.empty()) {
      std::string why;
      for (const PolicyExplanation& policy : explanation_.policies) {
        StrAppend(&why, why.empty() ? "" : "; ", policy.policy->name, ": ", policy.reason.text);
      }
      Differ(
          StrCat("policies: none applies, so nothing was tested (", why, "); if that is meant, expect policies: []"));
    }
  }

  void DiffNames(std::string_view what, const Names& expected, const Names& found) {
    std::vector<std::string> missing, surplus;
    std::set_difference(expected.begin(), expected.end(), found.begin(), found.end(), std::back_inserter(missing));
    std::set_difference(found.begin(), found.end(), expected.begin(), expected.end(), std::back_inserter(surplus));
    if (!missing.empty()) Differ(StrCat(what, ": expected ", absl::StrJoin(missing, ", "), ", and it is not so"));
    if (!surplus.empty()) Differ(StrCat(what, ": not expected: ", absl::StrJoin(surplus, ", ")));
  }

  // Names without a policy stand for those of every policy.
  template <typename Holds>
  void Compare(std::string_view what, const std::optional<std::vector<std::string>>& expected,
               const std::vector<JudgedFinding>& findings, Holds holds) {
    if (!expected.has_value()) return;
    Names names(expected->begin(), expected->end());
    Names found;
    for (const JudgedFinding& finding : findings) {
      if (!holds(finding)) continue;
      const std::string control(finding.finding->control);
      found.insert(names.contains(control) ? control : NameOf(finding));
    }
    DiffNames(what, names, found);
  }

  static std::string ScalarText(const DocumentNode& node) {
    if (node.kind == DocumentNode::Kind::kString) return nlohmann::json(node.text).dump();
    if (node.kind == DocumentNode::Kind::kSequence) {
      std::string text;
      for (const DocumentNode& item : node.items) StrAppend(&text, text.empty() ? "" : ",", ScalarText(item));
      return StrCat("[", text, "]");
    }
    if (node.kind == DocumentNode::Kind::kMapping) {
      nlohmann::json object = nlohmann::json::object();
      for (const auto& [key, value] : node.entries) object[key.text] = nlohmann::json::parse(ScalarText(value));
      return object.dump();
    }
    return node.kind == DocumentNode::Kind::kNull ? "null" : node.text;
  }

  void CompareInjections() {
    std::map<std::string, std::string> found;
    for (const WorkloadExplanation& workload : explanation_.workloads) {
      for (const Injection& change : workload.changes) {
        if (change.mode != Mode::kEnforce) continue;
        const nlohmann::json value = nlohmann::json::parse(change.value, nullptr, false);
        found[FieldPath(change.pointer)] = value.is_discarded() ? change.value : value.dump();
      }
    }
    for (const auto& [key, value] : expect_.inject.node->entries) {
      const auto injected = found.find(key.text);
      const nlohmann::json parsed = nlohmann::json::parse(ScalarText(value), nullptr, false);
      const std::string expected = parsed.is_discarded() ? ScalarText(value) : parsed.dump();
      if (injected == found.end()) {
        Differ(StrCat("inject: expected ", key.text, "=", expected, ", and it is not injected"));
      } else {
        if (injected->second != expected) {
          Differ(StrCat("inject: expected ", key.text, "=", expected, ", and it is ", injected->second));
        }
        found.erase(injected);
      }
    }
    for (const auto& [path, value] : found) Differ(StrCat("inject: not expected: ", path, "=", value));
  }

  const TestExpectDocument& expect_;
  const Explanation& explanation_;
  PolicyTestResult& result_;
};

class Runner {
 public:
  Runner(const TestFile& file, const PolicySet& policies, const ReviewContext& context)
      : file_(file), policies_(policies), context_(context) {}

  absl::StatusOr<PolicyTestResult> Run(std::size_t number) {
    const TestCaseDocument& test = file_.document.tests[number];
    const absl::StatusOr<TestObject> object = Load(number, "manifest", test.manifest, test.object);
    if (!object.ok()) return object.status();
    absl::StatusOr<TestObject> old = TestObject{};
    if (!test.old.empty()) old = Load(number, "old", test.old, object->Title());
    if (!old.ok()) return old.status();
    const absl::StatusOr<JsonDocument> now_json = JsonDocument::Parse(object->json);
    if (!now_json.ok()) return file_.NodeOf(number, "manifest").Error(MessageOf(now_json.status()));
    const absl::StatusOr<JsonDocument> old_json = JsonDocument::Parse(test.old.empty() ? "null" : old->json);
    if (!old_json.ok()) return file_.NodeOf(number, "old").Error(MessageOf(old_json.status()));
    AdmissionRequest request;
    request.kind = {.group = object->group, .version = object->version, .kind = object->kind};
    request.operation = test.old.empty() ? "CREATE" : "UPDATE";
    request.user_info.username = test.user;
    request.object = now_json->root();
    if (!test.old.empty()) request.old_object = old_json->root();
    if (object->name_space.empty()) request.namespace_name = test.name_space.empty() ? "default" : test.name_space;
    const Explanation explanation = Explain(request, context_);
    PolicyTestResult result{.name = test.name,
                            .line = file_.NodeOf(number, "").line,
                            .object = StrCat(object->kind, " ", explanation.decision.namespace_name, "/", object->name),
                            .decision = {},
                            .differences = {}};
    Comparison(test.expect, explanation, result).Run();
    return result;
  }

 private:
  // The object of that name in the file, or the only one there.
  absl::StatusOr<TestObject> Load(std::size_t number, std::string_view key, const std::string& path,
                                  const std::string& title) {
    const absl::StatusOr<std::vector<TestObject>> objects = ReadObjects(Beside(file_, path), policies_);
    const DocumentNode& node = file_.NodeOf(number, key);
    if (!objects.ok()) return node.Error(MessageOf(objects.status()));
    std::string titles;
    const TestObject* found = nullptr;
    std::size_t count = 0;
    for (const TestObject& object : *objects) {
      StrAppend(&titles, titles.empty() ? "" : ", ", object.Title());
      if (!title.empty() && object.Title() != title) continue;
      found = &object;
      ++count;
    }
    if (count == 1) return *found;
    if (objects->empty()) return node.Error(StrCat(path, " holds no workload"));
    if (count == 0) return node.Error(StrCat(path, " holds no ", title, "; it holds ", titles));
    return node.Error(StrCat(path, " holds several workloads: say which by object: ", titles));
  }

  const TestFile& file_;
  const PolicySet& policies_;
  const ReviewContext& context_;
};

}  // namespace

absl::StatusOr<PolicyTestFileResult> RunTestFile(const TestFile& file, Date today) {
  std::vector<std::string> paths;
  for (const std::string& path : file.document.policies) paths.push_back(Beside(file, path));
  const absl::StatusOr<std::shared_ptr<const PolicySet>> policies = LoadPolicies(paths);
  if (!policies.ok()) return policies.status();
  FixedNamespaces namespaces;
  for (const TestNamespaceDocument& name_space : file.document.namespaces) {
    namespaces.Add(name_space.name, Labels(name_space.labels.begin(), name_space.labels.end()));
  }
  const ReviewContext context{
      .policies = **policies, .today = file.document.today.date.value_or(today), .namespaces = &namespaces};
  PolicyTestFileResult result{.path = file.path, .results = {}};
  PolicyErrors errors;
  for (std::size_t i = 0; i < file.document.tests.size(); ++i) {
    absl::StatusOr<PolicyTestResult> one = Runner(file, **policies, context).Run(i);
    if (!errors.Take(one.status())) result.results.push_back(*std::move(one));
  }
  if (!errors.is_empty()) return errors.ToStatus();
  return result;
}

}  // namespace tidewaiter
