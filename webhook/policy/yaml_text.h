// SPDX-License-Identifier: Apache-2.0
//
// JSON values as YAML in block style, as manifests are written by hand. Only for writing; yaml_document.h reads. Tested
// by tests/policy/policy_crd_test.cc.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace tidewaiter {

// The value as one YAML document, keys in the order they have, with a line break at its end. Strings that YAML 1.1 or
// 1.2 could take for anything else are quoted.
std::string WriteYaml(const nlohmann::ordered_json& value);

}  // namespace tidewaiter
