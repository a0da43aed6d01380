// SPDX-License-Identifier: Apache-2.0
//
// What the fuzz targets share: how a property that does not hold ends the program, and two readings of one JSON text.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/kube/json.h"

namespace tidewaiter {

// Ends the program, so that libFuzzer keeps the input, with what was expected and what there is.
#define FUZZ_CHECK(condition, ...)                                                                                    \
  do {                                                                                                                \
    if (!(condition)) {                                                                                               \
      std::cerr << __FILE__ << ":" << __LINE__ << ": " << #condition << " does not hold: " __VA_OPT__(<< __VA_ARGS__) \
                << std::endl;                                                                                         \
      std::abort();                                                                                                   \
    }                                                                                                                 \
  } while (false)

inline std::string_view InputText(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The parts of `text` between `separator`s.
inline std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end = 0; (end = text.find(separator)) != std::string_view::npos; text.remove_prefix(end + 1)) {
    parts.push_back(text.substr(0, end));
  }
  parts.push_back(text);
  return parts;
}

// A JSON value as the engine's reader sees it.
struct EngineJson {
  nlohmann::json json;
  bool has_repeated_keys = false;  // then readers may well see different values
};

inline nlohmann::json ToJson(JsonValue value, bool& has_repeated_keys) {
  switch (value.type()) {
    case JsonValue::Type::kNull:
      return nullptr;
    case JsonValue::Type::kBoolean:
      return value.boolean();
    case JsonValue::Type::kInteger:
      return value.integer();
    case JsonValue::Type::kNumber:
      return nlohmann::json::parse(value.NumberText());
    case JsonValue::Type::kString:
      return value.string();
    case JsonValue::Type::kArray: {
      nlohmann::json list = nlohmann::json::array();
      for (const JsonValue element : value.elements()) list.push_back(ToJson(element, has_repeated_keys));
      return list;
    }
    case JsonValue::Type::kObject: {
      nlohmann::json object = nlohmann::json::object();
      for (const auto& [key, member] : value.members()) {
        if (object.contains(key)) has_repeated_keys = true;
        object[std::string(key)] = ToJson(member, has_repeated_keys);
      }
      return object;
    }
  }
  return nullptr;
}

inline EngineJson ReadByEngine(const JsonDocument& document) {
  EngineJson read;
  read.json = ToJson(document.root(), read.has_repeated_keys);
  return read;
}

}  // namespace tidewaiter
