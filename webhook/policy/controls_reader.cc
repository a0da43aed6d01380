// SPDX-License-Identifier: Apache-2.0
//
// The named controls first, then what the level asks for beside them.
#include "webhook/policy/controls_reader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "webhook/kube/text.h"

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

constexpr std::string_view kNotNamed = "neither spec.controls nor spec.podSecurity names it";

bool IsFalse(const DocumentNode& node) {
  return node.kind == Kind::kBoolean && (node.text[0] == 'f' || node.text[0] == 'F');
}

}  // namespace

std::string ControlHint(std::string_view id) {
  std::vector<std::string_view> ids;
  for (const Control* control : AllControls()) ids.push_back(control->info.id);
  std::string hint = DidYouMean(id, ids);
  return hint.empty() ? "; `tidewaiter controls` lists them" : hint;
}

PolicyControls::PolicyControls(const SpecDocument& spec, PolicyErrors& errors) : mode_(*ModeFromName(spec.mode)) {
  if (spec.pod_security.has_value()) {
    level_ = spec.pod_security->level;
    standard_.inject = spec.pod_security->inject;
    standard_.minor = ParseStandardVersion(spec.pod_security->version.text).value();
    expanded_ = StandardControls(level_, standard_.minor);
  }
  if (spec.controls.node != nullptr) {
    for (const auto& [key, value] : spec.controls.node->entries) ReadNamed(key, value, errors);
  }
  for (const Control* control : expanded_) {
    if (!named_.contains(control)) Apply(*control, nullptr, mode_, errors);
  }
  std::sort(applied_.begin(), applied_.end(),
            [](const AppliedControl& a, const AppliedControl& b) { return a.control->info.id < b.control->info.id; });
  if (spec.controls.node == nullptr) return;
  // Said when all are read: a control further down may take the place of what is switched off.
  for (const auto& [key, value] : spec.controls.node->entries) {
    const Control* control = FindControl(key.text);
    if (!switched_off_.contains(control) || IsExpanded(*control)) continue;
    std::string why = WhyNotApplied(*control);
    if (why.empty() || why == kNotNamed) why = "spec.podSecurity does not ask for it";
    if (level_.empty()) why = "it applies what spec.controls names";
    errors.Take(value.Error(StrCat("switches off what this policy does not apply: ", why)));
  }
}

bool PolicyControls::IsExpanded(const Control& control) const {
  return std::find(expanded_.begin(), expanded_.end(), &control) != expanded_.end();
}

// `false` switches off, `true` and nothing at all are the defaults, a mapping is settings and perhaps `mode`.
void PolicyControls::ReadNamed(const DocumentNode& key, const DocumentNode& value, PolicyErrors& errors) {
  const Control* control = FindControl(key.text);
  if (control == nullptr) {
    errors.Take(key.Error(StrCat("unknown control", errors.is_full() ? "" : ControlHint(key.text))));
    return;
  }
  named_.insert(control);
  if (IsFalse(value)) {
    switched_off_.insert(control);
    return;
  }
  asked_.insert(control);
  DocumentNode settings = value;
  if (settings.kind == Kind::kBoolean) {
    settings.kind = Kind::kNull;
    settings.text.clear();
  }
  Mode mode = mode_;
  if (const DocumentNode* given = settings.Find("mode"); given != nullptr) {
    std::string name;
    const SettingBounds bounds{.one_of = {"enforce", "warn", "audit"}};
    if (errors.Take(ReadSetting(*given, bounds, name))) return;
    mode = *ModeFromName(name);
    std::erase_if(settings.entries, [](const auto& entry) { return entry.key.text == "mode"; });
  }
  Apply(*control, &settings, mode, errors);
}

void PolicyControls::Apply(const Control& control, const DocumentNode* node, Mode mode, PolicyErrors& errors) {
  asked_.insert(&control);
  StandardContext standard = standard_;
  standard.is_expanded = IsExpanded(control);
  standard.inject = standard.inject && standard.is_expanded;
  absl::StatusOr<ControlSettings> settings = control.parse(node, standard);
  if (errors.Take(settings.status())) return;
  applied_.push_back({.control = &control,
                      .mode = mode,
                      .settings = *std::move(settings),
                      .fingerprint = FingerprintOf(node, standard)});
}

std::string PolicyControls::WhyNotApplied(const Control& control) const {
  if (asked_.contains(&control)) return {};
  for (const Control* other : asked_) {
    const auto& overrides = other->info.overrides;
    if (std::find(overrides.begin(), overrides.end(), control.info.id) != overrides.end()) {
      return StrCat(other->info.id, " asks for it");
    }
  }
  if (switched_off_.contains(&control) && IsExpanded(control)) return "spec.controls switches it off";
  const bool is_in_level = !level_.empty() && (control.info.level == "baseline" || control.info.level == level_);
  if (is_in_level && control.info.since_minor > standard_.minor) {
    return StrCat("the Pod Security Standards have it from v1.", control.info.since_minor, " on");
  }
  return level_.empty() ? "spec.controls does not name it" : std::string(kNotNamed);
}

}  // namespace tidewaiter
