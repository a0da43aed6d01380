// SPDX-License-Identifier: Apache-2.0
//
// The two halves of an AdmissionReview (admission.k8s.io/v1): the request as it is read, and the response, which only
// its named constructors can make. Tested by tests/kube/admission_review_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "webhook/kube/json.h"
#include "webhook/kube/workload.h"

namespace tidewaiter {

// admission/v1 UserInfo, as far as it is read.
struct UserInfo {
  std::string_view username;
};

// admission/v1 AdmissionRequest. Its texts and the two objects are views into the document that was decoded.
struct AdmissionRequest {
  std::string_view uid;
  GroupVersionKind kind;
  std::string_view subresource;
  std::string_view name;
  std::string_view namespace_name;
  std::string_view operation;  // CREATE, UPDATE, DELETE or CONNECT
  UserInfo user_info;
  bool is_dry_run = false;
  std::optional<JsonValue> object;      // absent on DELETE
  std::optional<JsonValue> old_object;  // absent on CREATE
};

// Reads the request of an AdmissionReview. InvalidArgument, in one line that names the field, when the text is not an
// admission.k8s.io/v1 AdmissionReview or has no request, uid, kind or known operation.
absl::StatusOr<AdmissionRequest> DecodeAdmissionRequest(JsonValue review);

// admission/v1 AdmissionResponse, always inside its AdmissionReview.
class AdmissionResponse {
 public:
  // Allowed as it is.
  static AdmissionResponse Allow(std::string_view uid);
  // Allowed with an RFC 6902 patch, given as JSON text of at least one operation. For the mutating webhook only.
  static AdmissionResponse Patch(std::string_view uid, std::string_view json_patch);
  // Denied. `code` is an HTTP status (403 Forbidden for a policy, 422 Invalid for an object that cannot be read, 500
  // InternalError for us); `reason` is its meta/v1 StatusReason.
  static AdmissionResponse Deny(std::string_view uid, int code, std::string_view reason, std::string_view message);

  // Shown by kubectl. Must hold no control character: the API server would drop it.
  void AddWarning(std::string_view warning);
  // `key` must match [A-Za-z0-9._-]{1,63}: the API server prefixes it with the webhook's name and drops any other.
  void AddAuditAnnotation(std::string_view key, std::string_view value);

  // The whole AdmissionReview as JSON text; always valid UTF-8.
  std::string ToJson() const;

 private:
  explicit AdmissionResponse(std::string_view uid) : uid_(uid) {}

  std::string_view uid_;
  bool is_allowed_ = true;
  int code_ = 0;
  std::string_view reason_;
  std::string_view message_;
  std::string_view json_patch_;
  std::vector<std::string_view> warnings_;
  std::vector<std::pair<std::string_view, std::string_view>> audit_annotations_;
};

}  // namespace tidewaiter
