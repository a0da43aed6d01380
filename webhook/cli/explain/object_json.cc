// SPDX-License-Identifier: Apache-2.0
//
// One object explained, for programs. Values of fields are JSON themselves; one that is not set is null.
#include "webhook/cli/explain/object_view.h"

namespace tidewaiter {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson ValueJson(const std::string& text) {
  OrderedJson value = OrderedJson::parse(text, nullptr, false);
  return text.empty() ? OrderedJson() : value.is_discarded() ? OrderedJson(text) : value;
}

OrderedJson ReasonJson(const ReasonView& reason) {
  OrderedJson json = {{"text", reason.text}};
  if (!reason.key.empty()) {
    json["key"] = reason.key;
    json["place"] = reason.place;
  }
  return json;
}

std::string_view AnswerText(MatchAnswer answer) {
  return answer == MatchAnswer::kApplies ? "applies" : answer == MatchAnswer::kDoesNot ? "does not apply" : "unknown";
}

OrderedJson PolicyJson(const PolicyView& policy) {
  OrderedJson exemptions = OrderedJson::array();
  for (const ExemptionView& exemption : policy.exemptions) {
    exemptions.push_back({{"name", exemption.name},
                          {"holds", exemption.holds},
                          {"why", ReasonJson(exemption.why)},
                          {"reason", exemption.reason_written}});
  }
  OrderedJson json = {{"name", policy.name},
                      {"place", policy.place},
                      {"answer", AnswerText(policy.answer)},
                      {"why", ReasonJson(policy.why)}};
  if (!policy.held_back.text.empty()) json["heldBack"] = ReasonJson(policy.held_back);
  json["reachesPods"] = policy.reaches_pods;
  json["exemptions"] = std::move(exemptions);
  return json;
}

OrderedJson ChangeJson(const ChangeView& change) {
  return {{"policy", change.policy},
          {"control", change.control},
          {"mode", change.mode},
          {"pointer", change.pointer},
          {"line", change.line},
          {"old", ValueJson(change.old_value)},
          {"new", ValueJson(change.new_value)},
          {"place", change.place}};
}

OrderedJson ControlViewJson(const ControlView& control) {
  OrderedJson findings = OrderedJson::array();
  for (const FindingView& finding : control.findings) {
    OrderedJson json = {{"state", finding.state},     {"message", finding.message},
                        {"pointer", finding.pointer}, {"container", finding.container},
                        {"line", finding.line},       {"value", ValueJson(finding.value)},
                        {"remedy", finding.remedy}};
    if (!finding.exemption.empty()) json["exemption"] = finding.exemption;
    findings.push_back(std::move(json));
  }
  OrderedJson saw = OrderedJson::array();
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
OrderedJson ListJson(const std::vector<View>& views, ToJson to_json) {
  OrderedJson list = OrderedJson::array();
  for (const View& view : views) list.push_back(to_json(view));
  return list;
}

}  // namespace

OrderedJson ObjectJson(const ObjectView& view) {
  OrderedJson json = {{"file", view.file},
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
  json["controls"] = ListJson(view.controls, ControlViewJson);
  return json;
}

}  // namespace tidewaiter
