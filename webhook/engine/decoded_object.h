// SPDX-License-Identifier: Apache-2.0
//
// The two objects of a request, read as far as they are needed, and their templates paired.
// Tested by tests/engine/ratchet_test.cc and tests/engine/policy_features_test.cc.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "webhook/engine/doors.h"
#include "webhook/kube/admission_review.h"
#include "webhook/kube/workload.h"

namespace tidewaiter {

// One of the request's two objects: its metadata first, which says who looks at it, then template by template.
struct DecodedObject {
  ObjectMeta metadata;
  std::vector<TemplatePlace> places;
  std::vector<Workload> workloads;  // in the order of `places`; without metadata, which is the object's

  Workload Take(std::size_t i) {
    Workload workload = std::move(workloads[i]);
    if (workloads.size() == 1) {
      workload.metadata = std::move(metadata);
    } else {
      workload.metadata = metadata;
    }
    return workload;
  }
};

class ObjectDecoder {
 public:
  // `field` is "object" or "oldObject". `request` must outlive it.
  ObjectDecoder(const AdmissionRequest& request, std::string_view field)
      : request_(request), field_(field), object_(field == "object" ? request.object : request.old_object) {}

  // InvalidArgument, naming kind and field, for what cannot be read.
  absl::Status DecodeMetadata(DecodedObject& decoded) const;
  // The Pods at `patterns` (pointers with `*`).
  absl::Status DecodeTemplates(const std::vector<std::string_view>& patterns, DecodedObject& decoded) const;

 private:
  // Says which object it was.
  absl::Status Refusal(const absl::Status& status) const;

  const AdmissionRequest& request_;
  const std::string_view field_;
  const std::optional<JsonValue>& object_;
};

// Pairs each template with the same one before the update.
std::vector<JudgedWorkload> PairWorkloads(DecodedObject now, std::optional<DecodedObject> old);

}  // namespace tidewaiter
