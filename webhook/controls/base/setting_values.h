// SPDX-License-Identifier: Apache-2.0
//
// How one value of a setting is read from a document, by its C++ type: each type says what it expects and how it is
// written. settings_schema.h puts keys around it. Tested by tests/controls/settings_schema_test.cc.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "webhook/controls/base/document_node.h"
#include "webhook/kube/quantity.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

// The largest user or group id that the API server takes (apimachinery validation IsValidUserID, IsValidGroupID).
inline constexpr std::int64_t kMaxId = 2'147'483'647;

// What a value must keep to besides its type.
struct SettingBounds {
  std::vector<std::string_view> one_of = {};  // of a string, of a list's items, of a map's keys; empty = any
  std::optional<std::int64_t> at_least = {};  // of an integer, or of the items of a list of integers
  std::optional<std::int64_t> at_most = {};   // the same
  std::string_view pattern = {};              // of a string, as a regular expression for editors; checked elsewhere
  std::string_view if_empty = {};             // why a list may not be; "" = it may
};

// A struct that is itself a mapping with keys: `static const SettingsSchema<T>& Schema()`.
template <typename T>
concept HasSchema = requires {
  T::Schema();
};

// What a list holds, or the type itself.
template <typename T>
struct ItemOfType {
  using Type = T;
};
template <typename T>
struct ItemOfType<std::vector<T>> {
  using Type = T;
};
template <typename T>
struct ItemOfType<std::optional<T>> {
  using Type = T;
};
template <typename T>
using ItemOf = typename ItemOfType<T>::Type;

template <typename T>
inline constexpr bool kIsList = false;
template <typename T>
inline constexpr bool kIsList<std::vector<T>> = true;

// InvalidArgument: `FILE:LINE:COLUMN: PATH: expected EXPECTED, found string "x"`, and where the quotes are all that is
// wrong, what to write instead.
absl::Status WrongSettingType(const DocumentNode& node, std::string_view expected, std::string_view hint = {});
// InvalidArgument when bounds.one_of has values and `text` is none of them; names the nearest.
absl::Status CheckOneOf(const DocumentNode& node, const SettingBounds& bounds, std::string_view text);

// InvalidArgument when the amount is below 0, which the API server takes nowhere.
absl::Status CheckNotNegative(const Quantity& amount);

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, bool& out);
absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, std::int64_t& out);
absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, std::string& out);
absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, Quantity& out);
template <HasSchema T>
absl::Status ReadSetting(const DocumentNode& node, const SettingBounds&, T& out) {
  return T::Schema().Read(node, out);
}
template <typename T>
absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, std::optional<T>& out) {
  return ReadSetting(node, bounds, out.emplace());
}
template <typename T>
absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, std::vector<T>& out) {
  if (node.kind != DocumentNode::Kind::kSequence) return WrongSettingType(node, "a list");
  if (node.items.empty() && !bounds.if_empty.empty()) return node.Error(bounds.if_empty);
  out.clear();
  for (const DocumentNode& item : node.items) {
    if (absl::Status status = ReadSetting(item, bounds, out.emplace_back()); !status.ok()) return status;
  }
  return absl::OkStatus();
}
template <typename T>
absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds,
                         std::map<std::string, T, std::less<>>& out) {
  if (node.kind != DocumentNode::Kind::kMapping && node.kind != DocumentNode::Kind::kNull) {
    return WrongSettingType(node, "a mapping");
  }
  out.clear();
  for (const auto& [key, value] : node.entries) {
    if (absl::Status status = CheckOneOf(key, bounds, key.text); !status.ok()) return status;
    if (out.contains(key.text)) return key.Error("given twice");
    if (absl::Status status = ReadSetting(value, {}, out[key.text]); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// "boolean", "list of strings", ...: for documentation.
inline std::string SettingTypeName(const bool&) { return "boolean"; }
inline std::string SettingTypeName(const std::int64_t&) { return "integer"; }
inline std::string SettingTypeName(const std::string&) { return "string"; }
inline std::string SettingTypeName(const Quantity&) { return "quantity"; }
template <typename T>
std::string SettingTypeName(const std::vector<T>& values);
template <HasSchema T>
std::string SettingTypeName(const T&) {
  return "mapping";
}
template <typename T>
std::string SettingTypeName(const std::optional<T>&) {
  return SettingTypeName(T());
}
template <typename T>
std::string SettingTypeName(const std::vector<T>&) {
  return StrCat("list of ", SettingTypeName(T()), "s");
}
template <typename T>
std::string SettingTypeName(const std::map<std::string, T, std::less<>>&) {
  return StrCat("map of ", SettingTypeName(T()));
}

// A default as it would be written in YAML; "" for nothing.
inline std::string SettingText(const bool& value) { return value ? "true" : "false"; }
inline std::string SettingText(const std::int64_t& value) { return StrCat(value); }
inline std::string SettingText(const std::string& value) { return value; }
inline std::string SettingText(const Quantity& value) { return value.text(); }
template <typename T>
std::string SettingText(const std::vector<T>& values);
template <HasSchema T>
std::string SettingText(const T&) {
  return "";
}
template <typename T>
std::string SettingText(const std::optional<T>& value) {
  return value.has_value() ? SettingText(*value) : "";
}
template <typename T>
std::string SettingText(const std::vector<T>& values) {
  std::string text;
  for (const T& value : values) StrAppend(&text, text.empty() ? "" : ", ", SettingText(value));
  return StrCat("[", text, "]");
}
template <typename T>
std::string SettingText(const std::map<std::string, T, std::less<>>& values) {
  std::string text;
  for (const auto& [key, value] : values) StrAppend(&text, text.empty() ? "" : ", ", key, ": ", SettingText(value));
  return StrCat("{", text, "}");
}

}  // namespace tidewaiter
