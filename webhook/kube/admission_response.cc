// SPDX-License-Identifier: Apache-2.0
//
// Writes the response half of an AdmissionReview, by the rules of the API server's VerifyAdmissionResponse
// (apiserver pkg/admission/plugin/webhook/request/admissionreview.go): uid echoed, patch and patchType both or neither.
#include <utility>

#include "absl/strings/escaping.h"
#include "webhook/kube/admission_review.h"
#include "webhook/kube/json_text.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

AdmissionResponse AdmissionResponse::Allow(std::string_view uid) { return AdmissionResponse(uid); }

AdmissionResponse AdmissionResponse::Patch(std::string_view uid, std::string_view json_patch) {
  AdmissionResponse response(uid);
  response.json_patch_ = json_patch;
  return response;
}

AdmissionResponse AdmissionResponse::Deny(std::string_view uid, int code, std::string_view reason,
                                          std::string_view message) {
  AdmissionResponse response(uid);
  response.is_allowed_ = false;
  response.code_ = code;
  response.reason_ = reason;
  response.message_ = message;
  return response;
}

void AdmissionResponse::AddWarning(std::string_view warning) { warnings_.push_back(warning); }

void AdmissionResponse::AddAuditAnnotation(std::string_view key, std::string_view value) {
  audit_annotations_.emplace_back(key, value);
}

std::string AdmissionResponse::ToJson() const {
  std::string json;
  // With some room for what must be escaped.
  std::size_t size = 512 + message_.size() + 2 * json_patch_.size();
  for (const std::string_view warning : warnings_) size += warning.size() + 16;
  for (const auto& [key, value] : audit_annotations_) size += key.size() + value.size() + 16;
  json.reserve(size + size / 8);
  const auto add = [&](std::string_view name, std::string_view text) {
    (json += name) += ':';
    AppendJsonText(text, json);
  };
  add(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid")", uid_);
  StrAppend(&json, R"(,"allowed":)", is_allowed_ ? "true" : "false");
  if (!is_allowed_) {
    add(R"(,"status":{"status":"Failure","message")", message_);
    add(R"(,"reason")", reason_);
    StrAppend(&json, R"(,"code":)", code_, "}");
  }
  // Base64 holds nothing to escape.
  if (!json_patch_.empty()) {
    StrAppend(&json, R"(,"patchType":"JSONPatch","patch":")", absl::Base64Escape(ToAbsl(json_patch_)), "\"");
  }
  std::string_view separator = R"(,"warnings":[)";
  for (const std::string_view warning : warnings_) {
    json += std::exchange(separator, ",");
    AppendJsonText(warning, json);
  }
  if (!warnings_.empty()) json += ']';
  separator = R"(,"auditAnnotations":{)";
  for (const auto& [key, value] : audit_annotations_) {
    json += std::exchange(separator, ",");
    AppendJsonText(key, json);
    json += ':';
    AppendJsonText(value, json);
  }
  if (!audit_annotations_.empty()) json += '}';
  return json += "}}";
}

}  // namespace tidewaiter
