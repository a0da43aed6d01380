// SPDX-License-Identifier: Apache-2.0
//
// Limits cut down to a ratio, and the promise over a grid of containers and settings: what was injected is no violation
// of the settings that injected it, and can be created.
#include "webhook/controls/base/resource_defaults.h"

#include <gtest/gtest.h>

#include "tests/testing/fixtures.h"
#include "webhook/controls/base/resource_amounts.h"
#include "webhook/controls/base/resource_checks.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

Quantity Amount(std::string_view text) { return *Quantity::Parse(text); }

TEST(ResourceDefaultsTest, ProductsAreRoundedDownAndShort) {
  const struct {
    const char *amount, *ratio, *resource, *expected;
  } cases[] = {{"20Mi", "8", "memory", "160Mi"},   {"50M", "8", "memory", "400M"},
               {"1Gi", "1.5", "memory", "1536Mi"}, {"3", "1.5", "memory", "4"},
               {"100m", "2.5", "cpu", "250m"},     {"500m", "4", "cpu", "2"},
               {"333m", "1.001", "cpu", "333m"},   {"500u", "1.9", "cpu", "0"},
               {"0", "8", "memory", "0"},          {"4Ei", "1", "memory", "4294967296Gi"},
               {"1e30", "1000", "memory", "none"}};
  for (const auto& c : cases) {
    const std::optional<Quantity> product = MultiplyDown(Amount(c.amount), Amount(c.ratio), c.resource);
    EXPECT_EQ(product.has_value() ? product->text() : "none", c.expected) << c.amount << " x " << c.ratio;
  }
}

template <typename List = NamedAmounts>
List Memory(std::string_view text) {
  if (text.empty()) return {};
  return {{"memory", Amount(text)}};
}

// "" stands for an amount that is not set.
constexpr const char* kAmounts[] = {"", "0", "1", "20Mi", "128Mi", "1Gi", "64Gi"};
constexpr const char* kBounds[] = {"", "100Mi", "2Gi"};

TEST(ResourceDefaultsTest, WhatIsInjectedIsNoViolation) {
  int injected = 0;
  for (const char* request : kAmounts) {
    for (const char* default_request : {"", "128Mi", "64Mi"}) {
      for (const char* default_limit : {"", "512Mi", "100Mi"}) {
        for (const char* ratio : {"", "1", "1.3", "8"}) {
          for (const char* most_request : kBounds) {
            for (const char* most_limit : kBounds) {
              ResourcesSettings settings;
              settings.inject = {.requests = Memory(default_request), .limits = Memory(default_limit)};
              settings.maximum = {.requests = Memory(most_request), .limits = Memory(most_limit)};
              settings.max_limit_request_ratio = Memory(ratio);
              Pod pod = DecodeFixturePod({{"spec", {{"containers", {{{"name", "web"}, {"image", "a"}}}}}}});
              pod.containers[0].resources =
                  ResourceRequirements{.requests = Memory<ResourceList>(request), .limits = {}};
              Editor editor(pod, EditScope{});
              InjectResources(0, settings, editor);
              Findings findings;
              CheckContainerResources(pod, pod.containers[0], settings, findings);
              const Quantity* limit = AmountOf(pod.containers[0].resources, kLimits, "memory");
              const Quantity* asked = EffectiveAmount(pod.containers[0].resources, kRequests, "memory");
              for (const Finding& finding : findings) {
                EXPECT_FALSE(editor.HasSet(finding.pointer)) << FindingMessage(finding) << " beside " << request;
              }
              if (limit == nullptr) continue;
              ++injected;
              EXPECT_GE(*limit, *asked);
            }
          }
        }
      }
    }
  }
  EXPECT_GT(injected, 500);
}

}  // namespace
}  // namespace tidewaiter
