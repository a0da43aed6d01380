// SPDX-License-Identifier: Apache-2.0
//
// The response half, byte by byte; the request half is covered with the engine (tests/engine/respond_test.cc).
#include "webhook/kube/admission_review.h"

#include <gtest/gtest.h>

namespace tidewaiter {
namespace {

constexpr char kHead[] = R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":)";

TEST(AdmissionResponseTest, EachConstructor) {
  EXPECT_EQ(AdmissionResponse::Allow("u").ToJson(), std::string(kHead) + R"({"uid":"u","allowed":true}})");
  EXPECT_EQ(AdmissionResponse::Patch("u", "[]").ToJson(),
            std::string(kHead) + R"({"uid":"u","allowed":true,"patchType":"JSONPatch","patch":"W10="}})");
  EXPECT_EQ(AdmissionResponse::Deny("u", 403, "Forbidden", "no\n\"x\"").ToJson(),
            std::string(kHead) + R"({"uid":"u","allowed":false,"status":{"status":"Failure","message":"no\n\"x\"",)" +
                R"("reason":"Forbidden","code":403}}})");
}

TEST(AdmissionResponseTest, WarningsAnnotationsAndInvalidUtf8) {
  AdmissionResponse response = AdmissionResponse::Allow("u\xFF");
  response.AddWarning("w");
  response.AddAuditAnnotation("k", "v");
  EXPECT_EQ(response.ToJson(), std::string(kHead) +
                                   "{\"uid\":\"u\xEF\xBF\xBD\",\"allowed\":true,\"warnings\":[\"w\"]," +
                                   "\"auditAnnotations\":{\"k\":\"v\"}}}");
}

}  // namespace
}  // namespace tidewaiter
