// SPDX-License-Identifier: Apache-2.0
//
// Text to text: reads the review, finds the workload and the policies, calls a door, writes the answer. Every exit goes
// through WriteAnswer or Malformed.
#include "webhook/engine/respond.h"

#include <exception>
#include <utility>

#include "webhook/engine/doors.h"
#include "webhook/kube/admission_review.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kMalformedReview = kErrorReasons[0];
constexpr std::string_view kUnreadableObject = kErrorReasons[1];
constexpr std::string_view kUnsupportedKind = kErrorReasons[2];
constexpr std::string_view kInternal = kErrorReasons[3];

// Subresources that carry no pod template of their own, or whose strategy keeps the spec as it was: there is nothing to
// judge, and scaling, binding, evicting and reporting status must always work.
constexpr std::array<std::string_view, 4> kUnjudgedSubresources = {"status", "scale", "binding", "eviction"};

Answer Malformed(Decision decision, std::string_view reason) {
  decision.outcome = Outcome::kError;
  decision.error_reason = kMalformedReview;
  decision.message = reason;
  return {.http_status = 400, .body = StrCat("malformed review: ", reason, "\n"), .decision = std::move(decision)};
}

Answer WriteAnswer(Decision decision) {
  const auto deny = [&](int code, std::string_view reason) {
    return AdmissionResponse::Deny(decision.uid, code, reason, decision.message);
  };
  AdmissionResponse response = AdmissionResponse::Allow(decision.uid);
  switch (decision.outcome) {
    case Outcome::kAllow:
    case Outcome::kWarn:
      break;
    case Outcome::kPatch:
      response = AdmissionResponse::Patch(decision.uid, decision.patch);
      break;
    case Outcome::kDeny:
      response = deny(403, "Forbidden");
      break;
    case Outcome::kRefuse:
      response = decision.error_reason == kUnsupportedKind ? deny(400, "BadRequest") : deny(422, "Invalid");
      break;
    case Outcome::kError:
      response = deny(500, "InternalError");
      break;
  }
  for (const std::string& warning : decision.warnings) response.AddWarning(warning);
  for (const AuditAnnotation& annotation : decision.audit_annotations) {
    response.AddAuditAnnotation(annotation.key, annotation.value);
  }
  std::string body = response.ToJson();
  return {.http_status = 200, .body = std::move(body), .decision = std::move(decision)};
}

void Refuse(std::string_view error_reason, std::string message, Decision& decision) {
  decision.outcome = Outcome::kRefuse;
  decision.error_reason = error_reason;
  decision.message = std::move(message);
}

// metadata.namespace, for reviews written by hand: the API server always sets request.namespace.
std::string NamespaceOf(const std::optional<JsonValue>& object) {
  const std::optional<JsonValue> metadata = object.has_value() ? object->Find("metadata") : std::nullopt;
  const std::optional<JsonValue> name = metadata.has_value() ? metadata->Find("namespace") : std::nullopt;
  return name.has_value() ? std::string(name->string()) : std::string();
}

void DescribeRequest(const AdmissionRequest& request, Decision& decision) {
  decision.uid = request.uid;
  decision.group = request.kind.group;
  decision.kind = request.kind.kind;
  decision.subresource = request.subresource;
  decision.operation = request.operation;
  decision.namespace_name = request.namespace_name.empty() ? NamespaceOf(request.object) : request.namespace_name;
  decision.name = request.name;
  decision.user = request.user_info.username;
  decision.is_dry_run = request.is_dry_run;
}

std::vector<const Policy*> MatchingPolicies(const PolicySet& policies, const MatchSubject& subject) {
  std::vector<const Policy*> matching;
  for (const Policy& policy : policies.policies) {
    if (policy.match.Holds(subject)) matching.push_back(&policy);
  }
  return matching;
}

bool HasObject(const std::optional<JsonValue>& object) { return object.has_value() && !object->is_null(); }

// Decodes one of the request's two objects; says which when it cannot.
absl::StatusOr<Workload> DecodeObject(std::string_view field, const std::optional<JsonValue>& object,
                                      const AdmissionRequest& request, std::string_view pod_pointer) {
  if (!HasObject(object)) {
    return InvalidArgument(StrCat("request.", field, ": required on ", request.operation, ": expected an object"));
  }
  absl::StatusOr<Workload> workload = DecodeWorkload(*object, pod_pointer);
  if (workload.ok()) return workload;
  return InvalidArgument(
      StrCat(request.kind.kind, field == "object" ? "" : " before the update", ": ", MessageOf(workload.status())));
}

void Decide(const AdmissionRequest& request, const PolicySet& policies, Decision& decision) {
  decision.outcome = Outcome::kAllow;
  if (request.operation == "DELETE" || request.operation == "CONNECT") return;
  for (const std::string_view subresource : kUnjudgedSubresources) {
    if (request.subresource == subresource) return;
  }
  const std::optional<std::string_view> pod_pointer = PodPointerOf(request.kind.group, request.kind.kind);
  if (!pod_pointer.has_value()) {
    return Refuse(kUnsupportedKind,
                  StrCat("kind ", request.kind.kind, " of group \"", request.kind.group,
                         "\" holds no pod template known here: take it out of the rules of the webhook configuration"),
                  decision);
  }
  // Matched before it is decoded: where no policy looks, nothing can stand in anyone's way.
  std::vector<const Policy*> matching =
      MatchingPolicies(policies, {.namespace_name = decision.namespace_name, .kind = request.kind.kind});
  if (matching.empty()) return;
  absl::StatusOr<Workload> workload = DecodeObject("object", request.object, request, *pod_pointer);
  if (!workload.ok()) return Refuse(kUnreadableObject, std::string(MessageOf(workload.status())), decision);

  workload->pod.namespace_name = decision.namespace_name;
  const ObjectMeta& metadata = workload->metadata;
  if (decision.name.empty()) {
    decision.name = metadata.name.empty() ? StrCat(metadata.generate_name, "*") : metadata.name;
  }
  DoorCase door_case{.request = request, .workload = *std::move(workload), .old = {}, .policies = std::move(matching)};
  // The mutate door needs it for one thing only: which ephemeral containers are new.
  const bool needs_old = decision.door == Door::kValidate || request.subresource == "ephemeralcontainers";
  if (request.operation == "UPDATE" && needs_old) {
    absl::StatusOr<Workload> old = DecodeObject("oldObject", request.old_object, request, *pod_pointer);
    if (!old.ok()) return Refuse(kUnreadableObject, std::string(MessageOf(old.status())), decision);
    door_case.old = *std::move(old);
    door_case.old->pod.namespace_name = decision.namespace_name;
  }
  if (decision.door == Door::kMutate) {
    Mutate(door_case, decision);
  } else {
    Validate(door_case, decision);
  }
}

Answer InternalFailure(Door door, std::string uid, std::string_view what) {
  Decision decision;
  decision.door = door;
  decision.uid = std::move(uid);
  decision.outcome = Outcome::kError;
  decision.error_reason = kInternal;
  decision.message = StrCat("tidewaiter failed inside and judged nothing: ", what);
  return WriteAnswer(std::move(decision));
}

Answer ReviewOrThrow(Door door, const PolicySet& policies, std::string_view body, Decision& decision) {
  decision.door = door;
  if (body.size() > kMaxReviewBytes) {
    return Malformed(std::move(decision), StrCat("larger than ", kMaxReviewBytes, " bytes"));
  }
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(body);
  if (absl::IsResourceExhausted(document.status())) {
    // Without the uid there is no review to answer with.
    return {.http_status = 500,
            .body = StrCat(MessageOf(document.status()), "\n"),
            .decision = InternalFailure(door, "", MessageOf(document.status())).decision};
  }
  if (!document.ok()) return Malformed(std::move(decision), MessageOf(document.status()));
  const absl::StatusOr<AdmissionRequest> request = DecodeAdmissionRequest(document->root());
  if (!request.ok()) return Malformed(std::move(decision), MessageOf(request.status()));
  DescribeRequest(*request, decision);
  Decide(*request, policies, decision);
  return WriteAnswer(std::move(decision));
}

}  // namespace

Answer Review(Door door, const PolicySet& policies, std::string_view body) noexcept {
  Decision decision;
  try {
    return ReviewOrThrow(door, policies, body, decision);
  } catch (const std::exception& error) {
    return InternalFailure(door, std::move(decision.uid), error.what());
  } catch (...) {
    return InternalFailure(door, std::move(decision.uid), "unknown exception");
  }
}

std::string Respond(Door door, const PolicySet& policies, std::string_view body) noexcept {
  return Review(door, policies, body).body;
}

}  // namespace tidewaiter
