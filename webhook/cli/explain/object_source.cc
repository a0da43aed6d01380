// SPDX-License-Identifier: Apache-2.0
//
// Reviews and manifests through the same reader, so that both have lines.
#include "webhook/cli/explain/object_source.h"

#include <optional>

#include "webhook/kube/json.h"
#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_json.h"
#include "webhook/manifest/manifest_place.h"

namespace tidewaiter {
namespace {

using Fail = std::function<void(SourceMark, std::string_view)>;
using Visit = std::function<void(const SourceObject&)>;

SourceMark BeginOf(const ManifestObject& object) { return FindPlace(object.document, object.node, "").begin; }

// nullopt, after a problem was told, when the node cannot be written as JSON.
std::optional<std::string> JsonOf(const ManifestObject& object, NodeId node, const Fail& fail) {
  std::string json;
  if (const auto problem = WriteManifestJson(object.document, node, json)) {
    fail(problem->place, problem->message);
    return std::nullopt;
  }
  return json;
}

void VisitReview(std::string_view file, const ManifestObject& object, const Visit& visit, const Fail& fail) {
  const std::optional<std::string> json = JsonOf(object, object.node, fail);
  if (!json.has_value()) return;
  const absl::StatusOr<JsonDocument> review = JsonDocument::Parse(*json);
  if (!review.ok()) return fail(BeginOf(object), MessageOf(review.status()));
  const absl::StatusOr<AdmissionRequest> request = DecodeAdmissionRequest(review->root());
  if (!request.ok()) return fail(BeginOf(object), StrCat("malformed review: ", MessageOf(request.status())));
  const NodeId request_node = object.document.FindValue(object.node, "request");
  const NodeId node = request->object.has_value() ? object.document.FindValue(request_node, "object") : kNoNode;
  const std::optional<std::string> object_json = node == kNoNode ? std::string() : JsonOf(object, node, fail);
  if (!object_json.has_value()) return;
  visit({.file = file,
         .is_review = true,
         .document = object.document,
         .node = node,
         .request = *request,
         .object_json = *object_json});
}

void VisitManifest(std::string_view file, const ManifestObject& object, const std::string& default_namespace,
                   const Visit& visit, const Fail& fail) {
  const std::optional<std::string> json = JsonOf(object, object.node, fail);
  if (!json.has_value()) return;
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(*json);
  if (!document.ok()) return fail(BeginOf(object), MessageOf(document.status()));
  AdmissionRequest request;
  request.kind = object.kind;
  request.operation = "CREATE";
  request.object = document->root();
  if (object.Metadata("namespace").empty()) request.namespace_name = default_namespace;
  visit({.file = file,
         .is_review = false,
         .document = object.document,
         .node = object.node,
         .request = request,
         .object_json = *json});
}

}  // namespace

std::uint32_t SourceObject::LineOf(std::string_view pointer) const {
  return node == kNoNode ? 0 : FindPlace(document, node, pointer).begin.line;
}

std::vector<std::string> ForEachSourceObject(std::string_view file, std::string_view text, const PolicySet& policies,
                                             const std::string& default_namespace, const Visit& visit) {
  std::vector<std::string> problems;
  std::size_t seen = 0;
  const Fail fail = [&](SourceMark place, std::string_view message) {
    problems.push_back(place.line == 0 ? StrCat(file, ": ", message)
                                       : StrCat(file, ":", place.line, ":", place.column, ": ", message));
  };
  ForEachManifestObject(
      text, file.ends_with(".json"),
      [&](const ManifestObject& object) {
        if (object.kind.group == "admission.k8s.io" && object.kind.kind == "AdmissionReview") {
          ++seen;
          VisitReview(file, object, visit, fail);
        } else if (IsJudgedKind(object.kind, policies)) {
          ++seen;
          VisitManifest(file, object, default_namespace, visit, fail);
        }
      },
      fail);
  if (seen == 0 && problems.empty()) fail({}, kHoldsNoObject.substr(2));
  return problems;
}

}  // namespace tidewaiter
