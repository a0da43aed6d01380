// SPDX-License-Identifier: Apache-2.0
//
// Where the template lies in each kind, and what is read of the object around it.
#include "webhook/kube/workload.h"

#include <gtest/gtest.h>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

TEST(WorkloadTest, EveryBuiltInKind) {
  struct Row {
    const char* group;
    const char* kind;
    std::optional<std::string_view> pointer;
  };
  const Row rows[] = {{"", "Pod", ""},
                      {"", "PodTemplate", "/template"},
                      {"", "ReplicationController", "/spec/template"},
                      {"apps", "ReplicaSet", "/spec/template"},
                      {"apps", "Deployment", "/spec/template"},
                      {"apps", "StatefulSet", "/spec/template"},
                      {"apps", "DaemonSet", "/spec/template"},
                      {"batch", "Job", "/spec/template"},
                      {"batch", "CronJob", "/spec/jobTemplate/spec/template"},
                      {"", "Deployment", std::nullopt},
                      {"apps", "Pod", std::nullopt},
                      {"", "Service", std::nullopt}};
  for (const Row& row : rows) EXPECT_EQ(PodPointerOf(row.group, row.kind), row.pointer) << row.kind;
  EXPECT_EQ(WorkloadKindNames().size(), 9u);
}

TEST(WorkloadTest, ReadsObjectAndTemplate) {
  const JsonDocument document = *JsonDocument::Parse(R"({
    "metadata": {"name": "n", "generateName": "g-", "namespace": "ns", "labels": {"outer": "1"},
                 "deletionTimestamp": "2026-01-01T00:00:00Z",
                 "ownerReferences": [{"kind": "K", "name": "o", "uid": "u", "controller": true}]},
    "spec": {"jobTemplate": {"spec": {"template": {"metadata": {"labels": {"inner": "1"}},
             "spec": {"containers": [{"name": "c", "image": "a"}]}}}}}})");
  const absl::StatusOr<Workload> workload = DecodeWorkload(document.root(), "/spec/jobTemplate/spec/template");
  ASSERT_TRUE(workload.ok()) << workload.status();
  EXPECT_EQ(workload->metadata.name, "n");
  EXPECT_EQ(workload->metadata.generate_name, "g-");
  EXPECT_EQ(workload->metadata.namespace_name, "ns");
  EXPECT_TRUE(workload->metadata.labels.contains("outer"));
  EXPECT_EQ(workload->metadata.owner_references.at(0).name, "o");
  EXPECT_TRUE(workload->is_being_deleted());
  EXPECT_TRUE(workload->pod.labels.contains("inner"));
  // Below the template's root, so that a Pod and a template read alike.
  EXPECT_EQ(workload->pod.containers.at(0).pointer, "/spec/containers/0");
}

TEST(WorkloadTest, SaysWhereTheTemplateIsMissing) {
  const std::pair<const char*, const char*> rows[] = {
      {"{}", "spec: required: expected an object"},
      {R"({"spec": {"template": null}})", "spec.template: required: expected an object"},
      {R"({"spec": {"template": 1}})", "spec.template: expected an object, found integer"},
      {R"({"spec": "x"})", "spec: expected an object, found string"},
      {R"({"spec": {"template": {}, "template": {}}})", "spec.template: given twice"},
      {R"({"spec": {}, "spec": {"template": {}}})", "spec: given twice"},
      {R"({"metadata": 1, "spec": {}})", "metadata: expected an object, found integer"},
      {R"({"spec": {"template": {"spec": {"containers": 1}}}})",
       "spec.template.spec.containers: expected an array, found integer"}};
  for (const auto& [text, message] : rows) {
    const JsonDocument document = *JsonDocument::Parse(text);
    const absl::StatusOr<Workload> workload = DecodeWorkload(document.root(), "/spec/template");
    ASSERT_FALSE(workload.ok()) << text;
    EXPECT_EQ(MessageOf(workload.status()), message);
  }
}

}  // namespace
}  // namespace tidewaiter
