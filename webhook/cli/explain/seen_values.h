// SPDX-License-Identifier: Apache-2.0
//
// What stands in an object at the fields that a control reads. Tested by tests/cli/explain/seen_values_test.cc.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tidewaiter {

struct SeenValue {
  std::string pointer;  // from the object's root
  std::string value;    // JSON text
};

struct SeenValues {
  std::vector<SeenValue> set;
  std::vector<std::string> unset;  // fields, as the control names them, of which nothing is set
};

// `fields` as ControlInfo names them: from the Pod's root, `[*]` for every element, `[text*]` for keys that fit. What
// is said of containers holds for init and ephemeral ones as well. The Pod lies at `pod_pointer`. Values of environment
// variables are not shown, whatever they are.
SeenValues FindSeenValues(const nlohmann::json& object, std::string_view pod_pointer,
                          const std::vector<std::string_view>& fields);

// What stands at a JSON pointer, as JSON text; "" for nothing.
std::string ValueText(const nlohmann::json& object, const std::string& pointer);

}  // namespace tidewaiter
