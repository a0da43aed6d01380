// SPDX-License-Identifier: Apache-2.0
//
// nlohmann_json without its exceptions, for what the API server sends: reading, looking up, writing. Tested by
// tests/cluster/api_error_test.cc.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace tidewaiter {

using Json = nlohmann::json;

// A discarded value (is_discarded()) when the text is not JSON.
inline Json ParseJson(std::string_view text) { return Json::parse(text, nullptr, false); }

// What cannot be written as UTF-8 is replaced.
inline std::string WriteJson(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// The value under these keys, one in the other; nullptr when there is none or something on the way is no object.
inline const Json* FindAt(const Json& json, std::initializer_list<std::string_view> keys) {
  const Json* value = &json;
  for (const std::string_view key : keys) {
    if (!value->is_object()) return nullptr;
    const auto found = value->find(key);
    if (found == value->end()) return nullptr;
    value = &*found;
  }
  return value;
}

// The same as text; "" for none and for anything that is no string.
inline std::string TextAt(const Json& json, std::initializer_list<std::string_view> keys) {
  const Json* value = FindAt(json, keys);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

}  // namespace tidewaiter
