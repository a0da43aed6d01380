// SPDX-License-Identifier: Apache-2.0
//
// Reads the request half of an AdmissionReview.
#include <array>

#include "webhook/kube/admission_review.h"
#include "webhook/kube/field_table.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct ReviewObject {
  std::string_view api_version;
  std::string_view kind;
  std::optional<AdmissionRequest> request;
};

constexpr std::array<std::string_view, 4> kOperations = {"CREATE", "UPDATE", "DELETE", "CONNECT"};

}  // namespace

// An object is kept as it is and decoded once its kind is known.
[[nodiscard]] static bool DecodeValue(JsonValue value, std::optional<JsonValue>& out, DecodeFailure&) {
  out = value;
  return true;
}

template <>
struct JsonFields<GroupVersionKind> {
  static constexpr auto kFields =
      std::tuple{Field("group", &GroupVersionKind::group), Field("version", &GroupVersionKind::version),
                 Field("kind", &GroupVersionKind::kind)};
};

template <>
struct JsonFields<UserInfo> {
  static constexpr auto kFields = std::tuple{Field("username", &UserInfo::username)};
};

template <>
struct JsonFields<AdmissionRequest> {
  static constexpr auto kFields = std::tuple{Field("uid", &AdmissionRequest::uid),
                                             Field("kind", &AdmissionRequest::kind),
                                             Field("subResource", &AdmissionRequest::subresource),
                                             Field("name", &AdmissionRequest::name),
                                             Field("namespace", &AdmissionRequest::namespace_name),
                                             Field("operation", &AdmissionRequest::operation),
                                             Field("userInfo", &AdmissionRequest::user_info),
                                             Field("dryRun", &AdmissionRequest::is_dry_run),
                                             Field("object", &AdmissionRequest::object),
                                             Field("oldObject", &AdmissionRequest::old_object)};
};

template <>
struct JsonFields<ReviewObject> {
  static constexpr auto kFields =
      std::tuple{Field("apiVersion", &ReviewObject::api_version), Field("kind", &ReviewObject::kind),
                 Field("request", &ReviewObject::request)};
};

absl::StatusOr<AdmissionRequest> DecodeAdmissionRequest(JsonValue value) {
  if (!value.is_object()) {
    return InvalidArgument(StrCat("expected an AdmissionReview object, found ", JsonTypeName(value.type())));
  }
  ReviewObject review;
  DecodeFailure failure;
  if (!DecodeValue(value, review, failure)) return failure.ToStatus();
  if (review.kind != "AdmissionReview") {
    return InvalidArgument(StrCat("kind: expected AdmissionReview, found ", Quoted(review.kind)));
  }
  if (review.api_version != "admission.k8s.io/v1") {
    return InvalidArgument(StrCat("apiVersion: expected admission.k8s.io/v1, found ", Quoted(review.api_version),
                                  ": set admissionReviewVersions: [\"v1\"] in the webhook configuration"));
  }
  if (!review.request.has_value()) return InvalidArgument("request: required: expected an object");
  AdmissionRequest& request = *review.request;
  if (request.uid.empty()) return InvalidArgument("request.uid: required: the answer must carry it");
  if (request.kind.kind.empty()) return InvalidArgument("request.kind.kind: required");
  for (const std::string_view operation : kOperations) {
    if (request.operation == operation) return request;
  }
  return InvalidArgument(
      StrCat("request.operation: expected CREATE, UPDATE, DELETE or CONNECT, found ", Quoted(request.operation)));
}

}  // namespace tidewaiter
