// SPDX-License-Identifier: Apache-2.0
//
// One object explained, for programs. Values of fields are JSON themselves; one that is not set is null.
#include "webhook/cli/explain/object_view.h"

namespace tidewaiter {
namespace {

using Json = nlohmann::ordered_json;

Json ValueJson(const std::string& text) {
  Json value = Json::parse(text, nullptr, false);
  return text.empty() ? Json() : value.is_discarded() ? Json(text) : value;
}

Json ReasonJson(const ReasonView& reason) {
  Json json = {{"text", reason.text}};
  if (!reason.key.empty()) {
    json["key"] = reason.key;
    json["place"] = reason.place;
  }
  return json;
}

std::string_view AnswerText(MatchAnswer answer) {
  return answer == MatchAnswer::kApplies ? "applies" : answer == MatchAnswer::kDoesNot ? "does not apply" : "unknown";
}

Json PolicyJson(const PolicyView& policy) {
  Json exemptions = Json::array();
  for (const ExemptionView& exemption : policy.exemptions) {
    exemptions.push_back({{"name", exemption.name},
                          {"holds", exemption.holds},
                          {"why", ReasonJson(exemption.why)},
                          {"reason", exemption.reason_written}});
  }
  Json json = {{"name", policy.name},
               {"place", policy.place},
               {"answer", AnswerText(policy.answer)},
               {"why", ReasonJson(policy.why)}};
  if (!policy.held_back.text.empty()) json["heldBack"] = ReasonJson(policy.held_back);
  json["reachesPods"] = policy.reaches_pods;
  json["exemptions"] = std::move(exemptions);
  return json;
}

Json ChangeJson(const ChangeView& change) {
  return {{"policy", change.policy},
          {"control", change.control},
          {"mode", change.mode},
          {"pointer", change.pointer},
          {"line", change.line},
          {"old", ValueJson(change.old_value)},
          {"new", ValueJson(change.new_value)},
          {"place", change.place}};
}

Json ControlJson(const ControlView& control) {
  Json findings = Json::array();
  for (const FindingView& finding : control.findings) {
    Json json = {{"state", finding.state},         {"message", finding.message}, {"pointer", finding.pointer},
                 {"container", finding.container}, {"line", finding.line},       {"value", ValueJson(finding.value)},
                 {"remedy", finding.remedy}};
    if (!finding.exemption.empty()) json["exemption"] = finding.exemption;
    findings.push_back(std::move(json));
  }
  Json saw = Json::array();
  for (const SeenView& seen : control.saw) {
    saw.push_back({{"pointer", seen.pointer},
                   {"line", seen.line},
                   {"value", ValueJson(seen.value)},
                   {"injected", seen.is_injected}});
  }
  return {{"policy", control.policy},   {"control", control.control}, {"mode", control.mode},
          {"verdict", control.verdict}, {"place", control.place},     {"findings", std::move(findings)},
          {"saw", std::move(saw)},      {"notSet", control.unset}};
}

template <typename View, typename ToJson>
Json ListJson(const std::vector<View>& views, ToJson to_json) {
  Json list = Json::array();
  for (const View& view : views) list.push_back(to_json(view));
  return list;
}

}  // namespace

Json ObjectJson(const ObjectView& view) {
  Json json = {{"file", view.file},
               {"line", view.line},
               {"group", view.group},
               {"kind", view.kind},
               {"namespace", view.namespace_name},
               {"name", view.name},
               {"operation", view.operation},
               {"subresource", view.subresource},
               {"user", view.user},
               {"allowed", !view.is_denied()},
               {"outcome", view.outcome}};
  if (!view.message.empty()) json["message"] = view.message;
  if (!view.unjudged.empty()) json["notJudged"] = view.unjudged;
  if (view.is_review) json["dependsOnChanges"] = view.depends_on_changes;
  json["policies"] = ListJson(view.policies, PolicyJson);
  json["changes"] = ListJson(view.changes, ChangeJson);
  json["notes"] = view.notes;
  json["controls"] = ListJson(view.controls, ControlJson);
  return json;
}

}  // namespace tidewaiter
