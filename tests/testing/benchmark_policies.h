// SPDX-License-Identifier: Apache-2.0
//
// Reviews and policy sets that the engine's benchmarks and its instruction counts are measured with, so that both speak
// of the same work.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/testing/fixtures.h"
#include "webhook/kube/text.h"
#include "webhook/policy/policy_loader.h"

namespace tidewaiter {

// Small (3 KB, denied, patched), typical (10 KB, hardened), large (100 KB, hardened).
inline constexpr std::array<const char*, 3> kMeasuredReviews = {"create-pod.json", "create-pod-typical-hardened.json",
                                                                "create-pod-large-hardened.json"};

inline std::string MeasuredReview(std::int64_t which) {
  return ReadTestFile(std::filesystem::path(TESTS_DIR) / "fixtures" / "reviews" /
                      kMeasuredReviews[static_cast<std::size_t>(which)]);
}

// The built-in policy.
inline const PolicySet& OnePolicy() {
  static const std::shared_ptr<const PolicySet> policies = *LoadPolicies({});
  return *policies;
}

// All shipped policies together.
inline const PolicySet& ShippedPolicies() {
  static const std::shared_ptr<const PolicySet> policies =
      *LoadPolicies({(std::filesystem::path(TESTS_DIR).parent_path() / "policies").string()});
  return *policies;
}

// A hundred policies of six controls, each with its settings and twenty exemptions, as a cluster of many teams has: a
// tenth holds for the review's namespace, and of the exemptions none.
inline const PolicySet& HundredPolicies() {
  static const std::shared_ptr<const PolicySet> policies = [] {
    std::string text;
    for (int i = 0; i < 100; ++i) {
      const std::string place = i % 10 == 0 ? "[\"*\"]" : StrCat("[team-", i, ", team-", i, "-test]");
      StrAppend(&text, "---\napiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: p-", i,
                "}\nspec:\n  match: {namespaces: {include: ", place,
                "}}\n  controls:\n    run-as-non-root: {inject: true}\n"
                "    read-only-root-filesystem: {inject: true, writablePaths: [/tmp, /var/cache/",
                i,
                "]}\n"
                "    image-registry: {denied: [\"bad-",
                i,
                ".example.com/*\"]}\n    image-tag: {}\n    image-digest: {}\n"
                "    resources: {maximum: {limits: {memory: ",
                i + 64, "Gi}}}\n  exemptions:\n");
      for (int j = 0; j < 20; ++j) {
        StrAppend(&text, "    - {name: e-", j, ", reason: r, controls: [image-tag, resources], match: {namespaces: [",
                  "team-", i, "], names: [\"app-", j, "-*\"], images: [\"*/legacy-", j, "\"]}}\n");
      }
    }
    return *ParsePolicies(text, "many.yaml");
  }();
  return *policies;
}

}  // namespace tidewaiter
