// SPDX-License-Identifier: Apache-2.0
//
// What is different between an object and the same object patched, as changes that each mean something by themselves.
// Unlike the operations of a JSON patch they all speak of the object as it was. Tested by
// tests/manifest/json_changes_test.cc.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tidewaiter {

struct JsonChange {
  enum class Kind {
    kAdd,      // a member that the mapping does not have
    kAppend,   // an element behind the last one of the list at `pointer`
    kReplace,  // a value; also null and what is empty, whose contents come as a whole
    kRemove,   // a member or an element
  };
  Kind kind = Kind::kAdd;
  std::string pointer;
  nlohmann::ordered_json value;
};

// In the order of `to`. Elements of lists are the same when they are at the same place and, of mappings, have the same
// `name`.
std::vector<JsonChange> FindChanges(const nlohmann::ordered_json& from, const nlohmann::ordered_json& to);

// Some of those changes, made on what they were found in.
void MakeChanges(const std::vector<const JsonChange*>& changes, nlohmann::ordered_json& object);

}  // namespace tidewaiter
