// SPDX-License-Identifier: Apache-2.0
//
// Reviews captured from a real API server, answered with the built-in policy at both doors, against answers that were
// read by a person. UPDATE_GOLDEN=1 writes them anew; read the difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/testing/fixtures.h"
#include "tests/testing/policies.h"
#include "tests/testing/reviews.h"

namespace tidewaiter {
namespace {

namespace fs = std::filesystem;

// The answer with its patch decoded.
std::string Readable(const std::string& answer) {
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(answer);
  const nlohmann::json patch = PatchOf(nlohmann::json::parse(answer));
  if (!patch.empty()) json["response"]["patch"] = patch;
  return json.dump(2) + "\n";
}

TEST(GoldenTest, CapturedReviews) {
  const absl::StatusOr<std::shared_ptr<const PolicySet>> policies = LoadPolicies({});
  ASSERT_TRUE(policies.ok());
  const fs::path tests(TESTS_DIR);
  int count = 0;
  for (const auto& entry : fs::directory_iterator(tests / "fixtures" / "reviews")) {
    const std::string review = ReadTestFile(entry.path());
    for (const Door door : {Door::kMutate, Door::kValidate}) {
      const fs::path golden =
          tests / "engine" / "golden" / (entry.path().stem().string() + "." + std::string(DoorName(door)) + ".json");
      const std::string answer = Readable(Respond(door, {**policies}, review));
      if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        fs::create_directories(golden.parent_path());
        std::ofstream(golden) << answer;
      }
      EXPECT_EQ(answer, ReadTestFile(golden)) << golden;
      ++count;
    }
  }
  EXPECT_GE(count, 38);
}

}  // namespace
}  // namespace tidewaiter
