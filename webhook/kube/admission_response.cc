// SPDX-License-Identifier: Apache-2.0
//
// Writes the response half of an AdmissionReview, by the rules of the API server's VerifyAdmissionResponse
// (apiserver pkg/admission/plugin/webhook/request/admissionreview.go): uid echoed, patch and patchType both or neither.
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "webhook/kube/admission_review.h"
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

void AdmissionResponse::AddWarning(std::string_view warning) { warnings_.emplace_back(warning); }

void AdmissionResponse::AddAuditAnnotation(std::string_view key, std::string_view value) {
  audit_annotations_.emplace_back(key, value);
}

std::string AdmissionResponse::ToJson() const {
  using Json = nlohmann::ordered_json;
  Json response = {{"uid", uid_}, {"allowed", is_allowed_}};
  if (!is_allowed_) {
    response["status"] = {{"status", "Failure"}, {"message", message_}, {"reason", reason_}, {"code", code_}};
  }
  if (!json_patch_.empty()) {
    response["patchType"] = "JSONPatch";
    response["patch"] = absl::Base64Escape(json_patch_);
  }
  if (!warnings_.empty()) response["warnings"] = warnings_;
  if (!audit_annotations_.empty()) {
    Json& annotations = response["auditAnnotations"] = Json::object();
    for (const auto& [key, value] : audit_annotations_) annotations[key] = value;
  }
  const Json review = {
      {"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"response", std::move(response)}};
  return review.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tidewaiter
