// SPDX-License-Identifier: Apache-2.0
//
// spec.match: which workloads a policy applies to.
#include <gtest/gtest.h>

#include "webhook/policy/policy_set.h"

namespace tidewaiter {
namespace {

TEST(MatchTest, Table) {
  struct Row {
    Match match;
    MatchSubject subject;
    bool holds;
  };
  const MatchSubject pod{.namespace_name = "shop-eu", .kind = "Pod"};
  const Row rows[] = {
      {{}, pod, true},
      {{.include_namespaces = {"shop-*"}, .exclude_namespaces = {}, .kinds = {}}, pod, true},
      {{.include_namespaces = {"shop"}, .exclude_namespaces = {}, .kinds = {}}, pod, false},
      {{.include_namespaces = {"a", "*-eu"}, .exclude_namespaces = {}, .kinds = {}}, pod, true},
      {{.include_namespaces = {"*"}, .exclude_namespaces = {"shop-??"}, .kinds = {}}, pod, false},
      {{.include_namespaces = {}, .exclude_namespaces = {"kube-*"}, .kinds = {}}, pod, true},
      {{.include_namespaces = {}, .exclude_namespaces = {}, .kinds = {"Deployment"}}, pod, false},
      {{.include_namespaces = {}, .exclude_namespaces = {}, .kinds = {"Deployment", "Pod"}}, pod, true},
      {{.include_namespaces = {"other"}, .exclude_namespaces = {}, .kinds = {"Pod"}}, pod, false},
  };
  for (const Row& row : rows) EXPECT_EQ(row.match.Holds(row.subject), row.holds) << &row - rows;
}

}  // namespace
}  // namespace tidewaiter
