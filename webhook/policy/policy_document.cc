// SPDX-License-Identifier: Apache-2.0
//
// The keys of a PodPolicy, their texts and their rules.
#include "webhook/policy/policy_document.h"

#include <algorithm>

#include "webhook/controls/base/globs.h"
#include "webhook/controls/base/standard.h"
#include "webhook/kube/characters.h"
#include "webhook/kube/glob.h"
#include "webhook/kube/label_selector.h"
#include "webhook/kube/quoted.h"
#include "webhook/policy/image_globs.h"

namespace tidewaiter {

// Found by the schema through the argument's own namespace.
absl::Status ReadSetting(const DocumentNode& node, const SettingBounds&, ControlsDocument& out) {
  out.node = &node;
  if (node.kind == DocumentNode::Kind::kMapping) return absl::OkStatus();
  return WrongSettingType(node, "a mapping from control id to settings");
}
std::string SettingTypeName(const ControlsDocument&) { return "controls"; }
std::string SettingText(const ControlsDocument&) { return ""; }

absl::Status ReadSetting(const DocumentNode&, const SettingBounds&, IgnoredSetting&) { return absl::OkStatus(); }
std::string SettingTypeName(const IgnoredSetting&) { return "anything"; }
std::string SettingText(const IgnoredSetting&) { return ""; }

// Unquoted, 1.30 is the number 1.3.
absl::Status ReadSetting(const DocumentNode& node, const SettingBounds&, StandardVersionSetting& out) {
  const std::string with_v = StrCat("v", node.text);
  const std::string hint = ParseStandardVersion(with_v).ok() ? StrCat("; write ", with_v) : std::string();
  if (node.kind != DocumentNode::Kind::kString) return WrongSettingType(node, "latest, or v1.N such as v1.34", hint);
  const absl::Status status = ParseStandardVersion(node.text).status();
  if (!status.ok()) return node.Error(StrCat(MessageOf(status), hint));
  out.text = node.text;
  return absl::OkStatus();
}
std::string SettingTypeName(const StandardVersionSetting&) { return "version"; }
std::string SettingText(const StandardVersionSetting& version) { return version.text; }

namespace {

// Of CheckDnsName, but for the length.
constexpr std::string_view kDnsName = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

absl::Status CheckNotBlank(const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") != std::string::npos) return absl::OkStatus();
  return InvalidArgument("must say something");
}

absl::Status CheckSelector(const LabelSelectorDocument& document) {
  LabelSelector selector;
  for (const auto& [key, value] : document.match_labels) {
    if (absl::Status status = selector.AddMatchLabel(key, value); !status.ok()) return status;
  }
  for (const LabelExpressionDocument& expression : document.match_expressions) {
    absl::Status status = selector.AddMatchExpression(expression.key, expression.op, expression.values);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Every Pod of a workload is made by one of these, so an exemption for it would exempt everyone's Pods.
absl::Status CheckUser(const std::string& user) {
  if (absl::Status status = CheckGlob(user); !status.ok()) return status;
  constexpr std::string_view kControllers[] = {
      "replicaset-controller", "replication-controller", "deployment-controller", "statefulset-controller",
      "daemon-set-controller", "job-controller",         "cronjob-controller"};
  for (const std::string_view controller : kControllers) {
    if (GlobMatches(user, StrCat("system:serviceaccount:kube-system:", controller))) {
      return InvalidArgument(StrCat(Quoted(user), " holds the ", controller,
                                    ", which creates the Pods of everybody's workloads: exempt by name, image or "
                                    "service account instead"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckImage(const std::string& glob) { return NormalImageGlob(glob).status(); }

absl::Status CheckNotEmpty(const ExemptionMatchDocument& match) {
  const auto& m = match;
  for (const auto* list : {&m.namespaces, &m.names, &m.images, &m.containers, &m.service_accounts, &m.users}) {
    if (!list->empty()) return absl::OkStatus();
  }
  return InvalidArgument("names nothing, which would exempt everything");
}

// A JSON pointer (RFC 6901) whose segments are plain words or `*`, each element of a list.
absl::Status CheckTemplatePointer(const std::string& pointer) {
  const bool is_pointer = pointer.size() > 1 && pointer.front() == '/' && pointer.back() != '/' &&
                          pointer.find("//") == std::string::npos && pointer.find('~') == std::string::npos;
  if (is_pointer) return absl::OkStatus();
  return InvalidArgument(StrCat(Quoted(pointer), " is no path such as /spec/template or /spec/jobs/*/template"));
}

}  // namespace

absl::Status CheckDnsName(const std::string& name) {
  bool is_valid = !name.empty() && name.size() <= 253;
  char before = '.';
  for (const char c : name) {
    if (IsLowerAlphanumeric(c)) {
    } else if (c == '-') {
      is_valid = is_valid && before != '.';
    } else if (c == '.') {
      is_valid = is_valid && IsLowerAlphanumeric(before);
    } else {
      is_valid = false;
    }
    before = c;
  }
  if (is_valid && IsLowerAlphanumeric(before)) return absl::OkStatus();
  return InvalidArgument(
      "must be lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit");
}

const SettingsSchema<NamespaceMatchDocument>& NamespaceMatchDocument::Schema() {
  using S = NamespaceMatchDocument;
  static const SettingsSchema<S> schema = {
      CheckedField("include", &S::include, "globs of namespaces it applies to; empty = all", CheckGlob),
      CheckedField("exclude", &S::exclude, "globs of namespaces it does not apply to; wins over include", CheckGlob),
  };
  return schema;
}

const SettingsSchema<LabelExpressionDocument>& LabelExpressionDocument::Schema() {
  using S = LabelExpressionDocument;
  static const SettingsSchema<S> schema = {
      SettingField<S>("key", &S::key, "the label").Required(),
      SettingField<S>("operator", &S::op, "how it must stand to the values")
          .OneOf({"In", "NotIn", "Exists", "DoesNotExist"})
          .Required(),
      {"values", &S::values, "for In and NotIn"},
  };
  return schema;
}

const SettingsSchema<LabelSelectorDocument>& LabelSelectorDocument::Schema() {
  using S = LabelSelectorDocument;
  static const SettingsSchema<S> schema =
      SettingsSchema<S>{
          {"matchLabels", &S::match_labels, "labels that must have exactly these values"},
          {"matchExpressions", &S::match_expressions, "conditions on labels; all must hold"},
      }
          .Validate(CheckSelector);
  return schema;
}

const SettingsSchema<MatchDocument>& MatchDocument::Schema() {
  using S = MatchDocument;
  static const SettingsSchema<S> schema = {
      {"namespaces", &S::namespaces, "by name"},
      {"namespaceSelector", &S::namespace_selector, "by the namespace's labels, as in Kubernetes"},
      {"objectSelector", &S::object_selector,
       "by the object's own labels, as in Kubernetes; whoever writes the object chooses its labels"},
      {"kinds", &S::kinds, "workload kinds it applies to, as Kind or Kind.group; empty = all"},
  };
  return schema;
}

const SettingsSchema<PodSecurityDocument>& PodSecurityDocument::Schema() {
  using S = PodSecurityDocument;
  static const SettingsSchema<S> schema = {
      SettingField<S>("level", &S::level, "which of the Pod Security Standards")
          .OneOf({"baseline", "restricted"})
          .Required(),
      {"version", &S::version, "of which Kubernetes version: latest, or v1.N"},
      {"inject", &S::inject, "set what the level asks for where it is not set and can be set safely"},
  };
  return schema;
}

const SettingsSchema<ExemptionMatchDocument>& ExemptionMatchDocument::Schema() {
  using S = ExemptionMatchDocument;
  static const SettingsSchema<S> schema =
      SettingsSchema<S>{
          CheckedField("namespaces", &S::namespaces, "globs of namespaces", CheckGlob),
          CheckedField("names", &S::names,
                       "globs of the object's name, of the workload that made it, or of the Pods it makes (app-*)",
                       CheckGlob),
          CheckedField("images", &S::images, "globs of images; no registry means docker.io, as with an image",
                       CheckImage),
          CheckedField("containers", &S::containers, "globs of container names", CheckGlob),
          CheckedField("serviceAccounts", &S::service_accounts, "globs of the Pod's service account", CheckGlob),
          CheckedField("users", &S::users, "globs of who sends the request", CheckUser),
      }
          .Validate(CheckNotEmpty);
  return schema;
}

const SettingsSchema<ExemptionDocument>& ExemptionDocument::Schema() {
  using S = ExemptionDocument;
  static const SettingsSchema<S> schema = {
      CheckedField("name", &S::name, "shown in log and metrics; unique in the policy", CheckDnsName)
          .Pattern(kDnsName)
          .Required(),
      SettingField<S>("match", &S::match, "what is exempt: every given part must hold").Required(),
      SettingField<S>("controls", &S::controls, "from which of the policy's controls, by id; \"*\" for all")
          .NotEmpty("names no control; use \"*\" for all")
          .Required(),
      CheckedField("reason", &S::reason, "why, for whoever reads this next", CheckNotBlank).Pattern("\\S").Required(),
      {"until", &S::until, "the last day (UTC) on which it applies; never ends when absent"},
  };
  return schema;
}

const SettingsSchema<WorkloadDocument>& WorkloadDocument::Schema() {
  using S = WorkloadDocument;
  static const SettingsSchema<S> schema = {
      CheckedField("group", &S::group, "API group of the custom resource", CheckDnsName).Pattern(kDnsName).Required(),
      CheckedField("kind", &S::kind, "its kind", CheckNotBlank).Pattern("\\S").Required(),
      CheckedField("template", &S::pod_template,
                   "where its pod template lies, as a JSON pointer; * stands for each element of a list",
                   CheckTemplatePointer)
          .Pattern("^(/[^/~]+)+$")
          .Required(),
  };
  return schema;
}

const SettingsSchema<MetadataDocument>& MetadataDocument::Schema() {
  using S = MetadataDocument;
  static const SettingsSchema<S> schema = {
      CheckedField("name", &S::name, "shown in every finding; unique", CheckDnsName).Pattern(kDnsName).Required(),
      {"labels", &S::labels, "not read"},
      {"annotations", &S::annotations, "not read"},
      // The rest of ObjectMeta that kubectl prints.
      {"creationTimestamp", &S::ignored, "the API server's"},
      {"deletionGracePeriodSeconds", &S::ignored, "the API server's"},
      {"deletionTimestamp", &S::ignored, "the API server's"},
      {"finalizers", &S::ignored, "not read"},
      {"generation", &S::ignored, "the API server's"},
      {"managedFields", &S::ignored, "the API server's"},
      {"ownerReferences", &S::ignored, "not read"},
      {"resourceVersion", &S::ignored, "the API server's"},
      {"uid", &S::ignored, "the API server's"},
  };
  return schema;
}

const SettingsSchema<SpecDocument>& SpecDocument::Schema() {
  using S = SpecDocument;
  static const SettingsSchema<S> schema = {
      SettingField<S>("mode", &S::mode, "what a finding does; a control may override it")
          .OneOf({"enforce", "warn", "audit"}),
      {"enforceFrom", &S::enforce_from, "before this day (UTC) enforce acts as warn"},
      SettingField<S>("enforcePercent", &S::enforce_percent,
                      "share of the workloads, by namespace and name, that enforce holds for; the rest is warned")
          .AtLeast(0)
          .AtMost(100),
      {"match", &S::match, "which workloads it applies to: every given part must hold"},
      {"podSecurity", &S::pod_security, "the Pod Security Standards: all checks of a level"},
      {"controls", &S::controls, "the controls it applies, by id, with their settings; false switches one off"},
      {"exemptions", &S::exemptions, "named exceptions with a reason"},
      {"workloads", &S::workloads, "custom resources that hold pod templates, beside the built-in kinds"},
  };
  return schema;
}

const SettingsSchema<PodPolicyDocument>& PodPolicyDocument::Schema() {
  using S = PodPolicyDocument;
  static const SettingsSchema<S> schema = {
      SettingField<S>("apiVersion", &S::api_version, "tidewaiter.dev/v1alpha1")
          .OneOf({"tidewaiter.dev/v1alpha1"})
          .Required(),
      SettingField<S>("kind", &S::kind, "PodPolicy").OneOf({"PodPolicy"}).Required(),
      SettingField<S>("metadata", &S::metadata, "its name").Required(),
      SettingField<S>("spec", &S::spec, "what it asks of whom").Required(),
      {"status", &S::ignored, "written by tidewaiter"},
  };
  return schema;
}

}  // namespace tidewaiter
