// SPDX-License-Identifier: Apache-2.0
//
// A cluster of one kind after the other, in pages; lists that break, expire, or are refused.
#include "webhook/cli/cluster_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/cluster/testing/fake_api_server.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Objects by the path of their list. A page has `limit` of them; `continue` is the number of the next one.
class ClusterObjectsTest : public ::testing::Test {
 protected:
  ClusterObjectsTest() {
    server_.SetOverride([this](const httplib::Request& request, httplib::Response& response) {
      Answer(request, response);
      return true;
    });
  }

  void Put(const std::string& path, const std::string& name, const std::string& owner = "") {
    Json object = {{"metadata", {{"name", name}, {"namespace", "shop"}, {"managedFields", Json::array({1})}}},
                   {"spec", Json::object()},
                   {"status", {{"phase", "Running"}}}};
    if (!owner.empty()) {
      object["metadata"]["ownerReferences"] = {{{"kind", owner}, {"name", "o"}, {"controller", true}}};
    }
    const std::lock_guard lock(mutex_);
    lists_[path].push_back(object);
  }

  ClusterWorkloads Read(const std::string& name_space = "", const std::vector<WorkloadRow>& rows = {}) {
    seen_.clear();
    std::ostringstream screen;
    ClusterProgress progress(screen, true);
    const ClusterWorkloads workloads =
        ForEachClusterWorkload(client_, rows, name_space, progress, [&](const ClusterObject& object) {
          seen_.push_back(StrCat(object.kind, " ", object.name));
          last_ = object.object;
        });
    screen_ = screen.str();
    return workloads;
  }

  void Answer(const httplib::Request& request, httplib::Response& response) {
    const std::lock_guard lock(mutex_);
    response.set_header("Content-Type", "application/json");
    if (refused_.contains(request.path)) {
      response.status = 403;
      response.body = R"({"kind":"Status","message":"may not list","code":403})";
      return;
    }
    if (const auto answer = answers_.find(request.path); answer != answers_.end()) {
      response.status = answer->second.empty() ? 404 : 200;
      response.body = answer->second;
      return;
    }
    const std::string next = request.get_param_value("continue");
    const std::size_t begin = next.empty() ? 0 : std::stoul(next);
    if (begin > 0 && expires_ > 0 && expires_-- > 0) {
      response.status = 410;
      response.body = R"({"kind":"Status","reason":"Expired","message":"too old","code":410})";
      return;
    }
    const std::vector<Json>& all = lists_[request.path];
    const std::size_t end = std::min(all.size(), begin + std::stoul(request.get_param_value("limit")));
    Json page = {{"kind", "List"}, {"metadata", {{"resourceVersion", "1"}}}, {"items", Json::array()}};
    for (std::size_t i = begin; i < end; ++i) page["items"].push_back(all[i]);
    most_ = std::max(most_, end - begin);
    if (end < all.size()) {
      page["metadata"]["continue"] = std::to_string(end);
      page["metadata"]["remainingItemCount"] = all.size() - end;
    }
    response.status = 200;
    response.body = page.dump();
  }

  std::mutex mutex_;
  std::map<std::string, std::vector<Json>> lists_;
  std::map<std::string, std::string> answers_;  // "" is 404
  std::set<std::string> refused_;
  int expires_ = 0;
  std::size_t most_ = 0;
  std::vector<std::string> seen_;
  Json last_;
  std::string screen_;
  FakeApiServer server_;
  ApiClient client_{server_.Config()};
};

TEST_F(ClusterObjectsTest, OwnersOnce) {
  Put("/apis/apps/v1/deployments", "web");
  Put("/apis/apps/v1/replicasets", "web-1", "Deployment");
  Put("/apis/apps/v1/replicasets", "alone");
  Put("/api/v1/pods", "web-1-a", "ReplicaSet");
  Put("/api/v1/pods", "bare");
  Put("/api/v1/pods", "of-someone", "SomethingElse");
  Put("/apis/batch/v1/jobs", "nightly-1", "CronJob");
  const ClusterWorkloads workloads = Read();
  EXPECT_THAT(seen_, ElementsAre("Deployment web", "ReplicaSet alone", "Pod bare", "Pod of-someone"));
  EXPECT_EQ(workloads.judged, 4u);
  EXPECT_EQ(workloads.owned, 3u);
  EXPECT_THAT(workloads.problems, IsEmpty());
  // As a manifest would have it.
  EXPECT_EQ(last_["kind"], "Pod");
  EXPECT_EQ(last_["apiVersion"], "v1");
  EXPECT_FALSE(last_.contains("status"));
  EXPECT_FALSE(last_["metadata"].contains("managedFields"));
}

TEST_F(ClusterObjectsTest, PageByPage) {
  for (int i = 0; i < 450; ++i) Put("/api/v1/pods", StrCat("p", i));
  EXPECT_EQ(Read().judged, 450u);
  EXPECT_EQ(most_, 200u);
  EXPECT_EQ(std::set<std::string>(seen_.begin(), seen_.end()).size(), 450u);
  EXPECT_THAT(screen_, HasSubstr("pods 0 of 450"));
  EXPECT_TRUE(screen_.ends_with("\r\033[K"));
}

TEST_F(ClusterObjectsTest, AListThatExpiresGivesNothingTwice) {
  for (int i = 0; i < 450; ++i) Put("/api/v1/pods", StrCat("p", i));
  expires_ = 2;
  EXPECT_EQ(Read().judged, 450u);
  EXPECT_EQ(seen_.size(), 450u);
}

TEST_F(ClusterObjectsTest, WhatMayNotBeListedIsToldAndWhatItMadeSpeaksForIt) {
  Put("/apis/apps/v1/replicasets", "web-1", "Deployment");
  Put("/api/v1/pods", "web-1-a", "ReplicaSet");
  refused_.insert("/apis/apps/v1/deployments");
  const ClusterWorkloads workloads = Read();
  EXPECT_THAT(workloads.problems, ElementsAre(HasSubstr("deployments.apps: ")));
  EXPECT_THAT(seen_, ElementsAre("ReplicaSet web-1"));
}

TEST_F(ClusterObjectsTest, OneNamespace) {
  Put("/apis/apps/v1/namespaces/shop/deployments", "web");
  Put("/apis/apps/v1/deployments", "elsewhere");
  Read("shop");
  EXPECT_THAT(seen_, ElementsAre("Deployment web"));
}

TEST_F(ClusterObjectsTest, CustomResources) {
  answers_["/apis/argoproj.io"] = R"({"preferredVersion": {"version": "v1alpha1"}})";
  answers_["/apis/argoproj.io/v1alpha1"] =
      R"({"resources": [{"name": "rollouts/status", "kind": "Rollout"}, {"name": "rollouts", "kind": "Rollout"}]})";
  answers_["/apis/nowhere.io"] = "";
  Put("/apis/argoproj.io/v1alpha1/rollouts", "canary");
  Put("/apis/apps/v1/replicasets", "canary-1", "Rollout");
  const ClusterWorkloads workloads =
      Read("", {{"argoproj.io", "Rollout", "/spec/template"}, {"nowhere.io", "Ghost", "/spec/template"}});
  EXPECT_THAT(seen_, ElementsAre("Rollout canary"));
  EXPECT_EQ(workloads.owned, 1u);
  EXPECT_THAT(workloads.problems, IsEmpty());
}

TEST_F(ClusterObjectsTest, Policies) {
  const std::string path = "/apis/tidewaiter.dev/v1alpha1/podpolicies";
  Json good = {{"metadata", {{"name", "good"}, {"uid", "1"}}},
               {"spec", {{"controls", {{"image-tag", Json::object()}}}}}};
  Json bad = {{"metadata", {{"name", "bad"}, {"uid", "2"}}}, {"spec", {{"controls", {{"imag-tag", Json::object()}}}}}};
  lists_[path] = {good, bad};
  const absl::StatusOr<FoundPolicies> found = ReadClusterPolicies(client_);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->policies->policies().size(), 1u);
  EXPECT_EQ(found->policies->policies()[0].name, "good");
  EXPECT_THAT(found->problems, ElementsAre(HasSubstr("did you mean \"image-tag\"?")));
  answers_[path] = "";
  EXPECT_FALSE(ReadClusterPolicies(client_)->has_definition);
}

TEST_F(ClusterObjectsTest, LabelsOfNamespaces) {
  answers_["/api/v1/namespaces"] = R"({"kind": "NamespaceList", "metadata": {"resourceVersion": "1"},
      "items": [{"metadata": {"name": "shop", "labels": {"env": "prod"}}}, {"metadata": {"name": "bare"}}]})";
  const auto namespaces = ReadClusterNamespaces(client_);
  ASSERT_TRUE(namespaces.ok()) << namespaces.status();
  EXPECT_EQ((*namespaces)->FindLabels("shop")->at("env"), "prod");
  EXPECT_EQ((*namespaces)->FindLabels("bare")->at("kubernetes.io/metadata.name"), "bare");
  EXPECT_EQ((*namespaces)->FindLabels("other"), nullptr);
}

}  // namespace
}  // namespace tidewaiter
