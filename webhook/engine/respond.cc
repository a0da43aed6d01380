// SPDX-License-Identifier: Apache-2.0
//
// Text to text: reads the review, finds the workload and the policies, calls a door, writes the answer. Every exit goes
// through WriteAnswer or Malformed.
#include "webhook/engine/respond.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "webhook/engine/decoded_object.h"
#include "webhook/engine/doors.h"
#include "webhook/engine/message_limits.h"
#include "webhook/engine/policy_door.h"
#include "webhook/kube/admission_review.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_matcher.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kMalformedReview = kErrorReasons[0];
constexpr std::string_view kUnreadableObject = kErrorReasons[1];
constexpr std::string_view kUnsupportedKind = kErrorReasons[2];
constexpr std::string_view kUnknownNamespace = kErrorReasons[3];
constexpr std::string_view kInternal = kErrorReasons[4];

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
      response = decision.error_reason == kUnreadableObject ? deny(422, "Invalid") : deny(400, "BadRequest");
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
std::string_view NamespaceOf(const std::optional<JsonValue>& object) {
  const std::optional<JsonValue> metadata = object.has_value() ? object->Find("metadata") : std::nullopt;
  const std::optional<JsonValue> name = metadata.has_value() ? metadata->Find("namespace") : std::nullopt;
  return name.has_value() ? name->string() : std::string_view();
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

// Where the pod templates of the request's kind lie: one pointer of a built-in kind, any number of patterns of a custom
// resource, none of a kind nobody has told of.
std::vector<std::string_view> TemplatePatterns(const GroupVersionKind& kind, const PolicySet& policies) {
  if (const auto pointer = PodPointerOf(kind.group, kind.kind); pointer.has_value()) return {*pointer};
  std::vector<std::string_view> patterns;
  for (const WorkloadRow& row : policies.workloads()) {
    if (row.group == kind.group && row.kind == kind.kind) patterns.push_back(row.pod_template);
  }
  return patterns;
}

void Decide(const AdmissionRequest& request, const ReviewContext& context, Decision& decision) {
  decision.outcome = Outcome::kAllow;
  if (request.operation == "DELETE" || request.operation == "CONNECT") return;
  for (const std::string_view subresource : kUnjudgedSubresources) {
    if (request.subresource == subresource) return;
  }
  const std::vector<std::string_view> patterns = TemplatePatterns(request.kind, context.policies);
  if (patterns.empty()) {
    return Refuse(kUnsupportedKind,
                  StrCat("kind ", request.kind.kind, " of group \"", request.kind.group,
                         "\" holds no pod template known here: take it out of the rules of the webhook configuration, "
                         "or tell where its template lies in spec.workloads of a policy"),
                  decision);
  }
  // Matched before it is decoded: where no policy looks, nothing can stand in anyone's way.
  const PolicyMatcher matcher(
      context.policies,
      {.namespace_name = decision.namespace_name, .group = request.kind.group, .kind = request.kind.kind},
      context.namespaces);
  if (!matcher.MayMatch()) return;
  const auto refuse_unreadable = [&](const absl::Status& status) {
    Refuse(kUnreadableObject, std::string(MessageOf(status)), decision);
  };
  const ObjectDecoder decoder(request, "object");
  const ObjectDecoder old_decoder(request, "oldObject");
  DecodedObject object;
  std::optional<DecodedObject> old;
  if (absl::Status status = decoder.DecodeMetadata(object); !status.ok()) return refuse_unreadable(status);
  if (decision.name.empty()) {
    const ObjectMeta& metadata = object.metadata;
    decision.name = metadata.name.empty() ? StrCat(metadata.generate_name, "*") : std::string(metadata.name);
  }
  // The mutate door needs it for one thing only: which ephemeral containers are new.
  const bool needs_old = decision.door == Door::kValidate || request.subresource == "ephemeralcontainers";
  if (request.operation == "UPDATE" && needs_old) {
    absl::Status status = old_decoder.DecodeMetadata(old.emplace());
    if (!status.ok()) return refuse_unreadable(status);
  }
  std::vector<const Policy*> matching =
      matcher.FindMatching(object.metadata.labels, old.has_value() ? &old->metadata.labels : nullptr);
  if (matching.empty()) return;
  if (absl::Status status = decoder.DecodeTemplates(patterns, object); !status.ok()) return refuse_unreadable(status);
  if (old.has_value()) {
    absl::Status status = old_decoder.DecodeTemplates(patterns, *old);
    if (!status.ok()) return refuse_unreadable(status);
  }
  if (object.workloads.empty() && decision.door == Door::kValidate) {
    std::string places;
    for (const std::string_view pattern : patterns) StrAppend(&places, places.empty() ? "" : " or ", pattern);
    decision.warnings.push_back(Shorten(
        WithoutControlCharacters(StrCat("nothing was judged: this ", request.kind.kind, " holds no pod template at ",
                                        places, ", where spec.workloads of a policy says it does")),
        kMaxWarningBytes));
    decision.outcome = Outcome::kWarn;
  }
  DoorCase door_case{.request = request,
                     .policy_case = {.namespace_name = decision.namespace_name,
                                     .user = request.user_info.username,
                                     .today = context.today},
                     .workloads = PairWorkloads(std::move(object), std::move(old)),
                     .policies = std::move(matching),
                     .rule_count = context.policies.rule_count(),
                     .foresees_pods = context.foresees_pods};
  // Labels, scale, status, finalizers: not this request's doing, whatever else is wrong.
  std::erase_if(door_case.workloads, [](const JudgedWorkload& workload) {
    return workload.old.has_value() && workload.old->pod == workload.now.pod;
  });
  if (context.watcher != nullptr) context.watcher->OnDoor(door_case);
  const bool changes_nothing = request.operation == "UPDATE" && !needs_old;
  if (door_case.workloads.empty() || changes_nothing) return;
  if (const absl::Status& status = matcher.namespace_status(); !status.ok()) {
    return Refuse(kUnknownNamespace, std::string(MessageOf(status)), decision);
  }
  for (JudgedWorkload& workload : door_case.workloads) {
    workload.now.pod.namespace_name = decision.namespace_name;
    if (workload.old.has_value()) workload.old->pod.namespace_name = decision.namespace_name;
  }
  if (decision.door == Door::kMutate) {
    Mutate(door_case, decision);
  } else {
    Validate(door_case, decision);
  }
}

void DecidePolicy(const AdmissionRequest& request, const ReviewContext& context, Decision& decision) {
  if (!IsPolicyKind(request.kind)) {
    return Refuse(kUnsupportedKind,
                  StrCat("kind ", request.kind.kind, " of group \"", request.kind.group,
                         "\" is no PodPolicy: take it out of the rules of the webhook configuration"),
                  decision);
  }
  const absl::Status status = JudgePolicy(request, context.policies, context.today, decision);
  if (!status.ok()) Refuse(kUnreadableObject, Shorten(std::string(MessageOf(status)), kMaxDenialBytes), decision);
}

Decision InternalFailure(Door door, std::string uid, std::string_view what) {
  Decision decision;
  decision.door = door;
  decision.uid = std::move(uid);
  decision.outcome = Outcome::kError;
  decision.error_reason = kInternal;
  decision.message = StrCat("tidewaiter failed inside and judged nothing: ", what);
  return decision;
}

// The answer to a review on which something inside failed, also where that is memory: the last resort fits into the
// string itself.
Answer AnswerFailure(Door door, std::string uid, std::string_view what) noexcept {
  try {
    return WriteAnswer(InternalFailure(door, std::move(uid), what));
  } catch (...) {
    Answer answer{.http_status = 500, .body = "no memory\n", .decision = {}};
    answer.decision.door = door;
    answer.decision.error_reason = kInternal;
    return answer;
  }
}

Answer ReviewOrThrow(Door door, const ReviewContext& context, std::string_view body, Decision& decision) {
  decision.door = door;
  if (body.size() > kMaxReviewBytes) {
    return Malformed(std::move(decision), StrCat("larger than ", kMaxReviewBytes, " bytes"));
  }
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(body);
  if (absl::IsResourceExhausted(document.status())) {
    // Without the uid there is no review to answer with.
    return {.http_status = 500,
            .body = StrCat(MessageOf(document.status()), "\n"),
            .decision = InternalFailure(door, "", MessageOf(document.status()))};
  }
  if (!document.ok()) return Malformed(std::move(decision), MessageOf(document.status()));
  const absl::StatusOr<AdmissionRequest> request = DecodeAdmissionRequest(document->root());
  if (!request.ok()) return Malformed(std::move(decision), MessageOf(request.status()));
  DescribeRequest(*request, decision);
  if (door == Door::kValidatePolicy) {
    DecidePolicy(*request, context, decision);
  } else {
    Decide(*request, context, decision);
  }
  return WriteAnswer(std::move(decision));
}

}  // namespace

Answer Review(Door door, const ReviewContext& context, std::string_view body) noexcept {
  Decision decision;
  try {
    return ReviewOrThrow(door, context, body, decision);
  } catch (const std::exception& error) {
    return AnswerFailure(door, std::move(decision.uid), error.what());
  } catch (...) {
    return AnswerFailure(door, std::move(decision.uid), "unknown exception");
  }
}

std::string Respond(Door door, const ReviewContext& context, std::string_view body) noexcept {
  return Review(door, context, body).body;
}

namespace {

Decision DecideObject(Door door, const AdmissionRequest& request, const ReviewContext& context) noexcept {
  try {
    Decision decision;
    decision.door = door;
    DescribeRequest(request, decision);
    Decide(request, context, decision);
    return decision;
  } catch (const std::exception& error) {
    return InternalFailure(door, std::string(request.uid), error.what());
  } catch (...) {
    return InternalFailure(door, std::string(request.uid), "unknown exception");
  }
}

}  // namespace

Decision JudgeObject(const AdmissionRequest& request, const ReviewContext& context) noexcept {
  return DecideObject(Door::kValidate, request, context);
}

Decision MutateObject(const AdmissionRequest& request, const ReviewContext& context) noexcept {
  return DecideObject(Door::kMutate, request, context);
}

}  // namespace tidewaiter
