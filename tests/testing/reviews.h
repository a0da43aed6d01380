// SPDX-License-Identifier: Apache-2.0
//
// AdmissionReviews for tests, and answers as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "webhook/engine/respond.h"

namespace tidewaiter {

// A CREATE of a Pod in namespace "default".
inline nlohmann::json NewReview(nlohmann::json object, const std::string& group = "", const std::string& kind = "Pod") {
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request",
           {{"uid", "u-1"},
            {"kind", {{"group", group}, {"version", "v1"}, {"kind", kind}}},
            {"namespace", "default"},
            {"operation", "CREATE"},
            {"object", std::move(object)}}}};
}

// The same as an UPDATE from `old_object`.
inline nlohmann::json UpdateReview(nlohmann::json object, nlohmann::json old_object,
                                   const std::string& subresource = "", const std::string& group = "",
                                   const std::string& kind = "Pod") {
  nlohmann::json review = NewReview(std::move(object), group, kind);
  review["request"]["operation"] = "UPDATE";
  review["request"]["oldObject"] = std::move(old_object);
  if (!subresource.empty()) review["request"]["subResource"] = subresource;
  return review;
}

// The patch of an answer, or an empty list.
inline nlohmann::json PatchOf(const nlohmann::json& answer) {
  const nlohmann::json& response = answer.at("response");
  if (!response.contains("patch")) return nlohmann::json::array();
  std::string text;
  absl::Base64Unescape(response.at("patch").get<std::string>(), &text);
  return nlohmann::json::parse(text);
}

// `pod` (metadata and spec) inside a workload of each built-in kind.
struct WrappedPod {
  std::string group;
  std::string kind;
  nlohmann::json object;
};
inline std::vector<WrappedPod> WrapInEveryKind(const nlohmann::json& pod) {
  const nlohmann::json template_spec = {{"template", pod}};
  return {{"", "Pod", pod},
          {"", "PodTemplate", {{"template", pod}}},
          {"", "ReplicationController", {{"spec", template_spec}}},
          {"apps", "ReplicaSet", {{"spec", template_spec}}},
          {"apps", "Deployment", {{"spec", template_spec}}},
          {"apps", "StatefulSet", {{"spec", template_spec}}},
          {"apps", "DaemonSet", {{"spec", template_spec}}},
          {"batch", "Job", {{"spec", template_spec}}},
          {"batch", "CronJob", {{"spec", {{"jobTemplate", {{"spec", template_spec}}}}}}}};
}

}  // namespace tidewaiter
