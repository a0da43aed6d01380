// SPDX-License-Identifier: Apache-2.0
//
// Of many exemptions that name another thing each, the one is found; what holds is asked in
// tests/engine/active_policy_test.cc.
#include "webhook/policy/exemption_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using ::testing::ElementsAre;

TEST(ExemptionIndexTest, FindsByWhateverIsNamed) {
  const struct {
    std::vector<std::string> Exemption::*part;
    std::string before;
    bool is_about_containers;
  } rows[] = {
      {&Exemption::namespaces, "space-", false},         {&Exemption::names, "app-", false},
      {&Exemption::service_accounts, "account-", false}, {&Exemption::users, "user-", false},
      {&Exemption::images, "ghcr.io/team/", true},       {&Exemption::containers, "web-", true},
  };
  const ExemptionSubject subject{
      .namespace_name = "space-7x", .names = {"app-7x"}, .service_account = "account-7x", .user = "user-7x"};
  Container container;
  container.name = "web-7x";
  container.image = "ghcr.io/team/7x:1";
  for (const auto& row : rows) {
    for (const std::string glob : {"7x*", "7?*"}) {
      std::vector<Exemption> exemptions(100);
      for (std::size_t i = 0; i < exemptions.size(); ++i) {
        exemptions[i].*row.part = {StrCat(row.before, i == 7 ? glob : StrCat("none-", i))};
      }
      const ExemptionIndex index(exemptions);
      EXPECT_EQ(index.looks_at_containers(), row.is_about_containers) << row.before;
      std::vector<std::size_t> found;
      index.ForEach(subject, {ExemptionContainer(container)}, [&](std::size_t number) { found.push_back(number); });
      EXPECT_THAT(found, ElementsAre(7)) << row.before;
    }
  }
}

// What begins with the name and '-' is meant as well: so the names of an object's Pods begin.
TEST(ExemptionIndexTest, FindsByTheNamesOfThePodsOfAnObject) {
  std::vector<Exemption> exemptions(3);
  exemptions[0].names = {"agent-*"};
  exemptions[1].names = {"agent-"};
  exemptions[2].names = {"agent-x"};
  const ExemptionSubject subject{.namespace_name = "a", .names = {"agent"}, .service_account = "", .user = ""};
  std::vector<std::size_t> found;
  ExemptionIndex(exemptions).ForEach(subject, {}, [&](std::size_t number) { found.push_back(number); });
  EXPECT_THAT(found, ElementsAre(0, 1));
}

}  // namespace
}  // namespace tidewaiter
