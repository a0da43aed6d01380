// SPDX-License-Identifier: Apache-2.0
//
// Decoding by table: a struct names its fields once (JSON name, member), and the C++ type of each member decides what
// JSON type is expected. Absent and null are the same; a wrong type is refused with its JSON pointer and the type
// expected; unknown fields are left alone; a field given twice is refused, because readers differ in which one they
// take. Tested by tests/kube/pod_decoder_test.cc.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "webhook/kube/json.h"
#include "webhook/kube/quantity.h"

namespace tidewaiter {

// Where the decoder stands: a chain on the stack, turned into text only when something is wrong.
class JsonPath {
 public:
  // `pointer` must outlive the path, as must `parent` and `key` below.
  explicit JsonPath(std::string_view pointer) : key_(pointer) {}
  JsonPath(const JsonPath& parent, std::string_view key) : parent_(&parent), key_(key) {}
  JsonPath(const JsonPath& parent, std::size_t index) : parent_(&parent), index_(index), is_index_(true) {}

  // JSON pointer (RFC 6901), with ~ and / escaped.
  std::string ToPointer() const;

 private:
  const JsonPath* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
  bool is_index_ = false;
};

// InvalidArgument: `spec.containers[0].image: MESSAGE`. PointerOf tells where as a JSON pointer.
absl::Status DecodeError(const JsonPath& path, std::string_view message);
// InvalidArgument: `spec.containers[0].image: expected a string, found integer`.
absl::Status WrongType(const JsonPath& path, std::string_view expected, JsonValue found);

// The JSON pointer that a DecodeError is about; "" of any other status.
std::string PointerOf(const absl::Status& status);

template <typename Struct, typename Member>
struct JsonField {
  std::string_view name;
  Member Struct::*member;
};

template <typename Struct, typename Member>
constexpr JsonField<Struct, Member> Field(std::string_view name, Member Struct::*member) {
  return {name, member};
}

// Specialise with `static constexpr auto kFields = std::tuple{Field("name", &S::name), ...};` to make S decodable.
template <typename Struct>
struct JsonFields;

absl::Status DecodeValue(JsonValue value, const JsonPath& path, bool& out);
absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::int64_t& out);
absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::string& out);
absl::Status DecodeValue(JsonValue value, const JsonPath& path, Quantity& out);

template <typename Struct>
requires requires { JsonFields<Struct>::kFields; }
absl::Status DecodeValue(JsonValue value, const JsonPath& path, Struct& out);
template <typename T>
absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::optional<T>& out);
template <typename T>
absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::vector<T>& out);
template <typename T>
absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::map<std::string, T, std::less<>>& out);

template <typename Struct>
requires requires { JsonFields<Struct>::kFields; }
absl::Status DecodeValue(JsonValue value, const JsonPath& path, Struct& out) {
  constexpr auto& kFields = JsonFields<Struct>::kFields;
  static_assert(std::tuple_size_v<std::remove_cvref_t<decltype(kFields)>> <= 32);
  if (!value.is_object()) return WrongType(path, "an object", value);
  std::uint32_t seen = 0;
  return value.ForEachMember([&](std::string_view key, JsonValue member) -> absl::Status {
    absl::Status status;
    std::uint32_t bit = 1;
    if (key.empty()) return absl::OkStatus();
    const auto decode_if_named = [&](const auto& field) {
      // Most names differ in length or first letter: comparing those first saves a call for each.
      if (field.name.size() != key.size() || field.name.front() != key.front() || field.name != key) {
        bit <<= 1;
        return false;
      }
      const JsonPath member_path(path, key);
      if ((seen & bit) != 0) {
        status = DecodeError(member_path, "given twice");
      } else if (!member.is_null()) {
        status = DecodeValue(member, member_path, out.*field.member);
      }
      seen |= bit;
      return true;
    };
    std::apply([&](const auto&... fields) { (decode_if_named(fields) || ...); }, kFields);
    return status;
  });
}

template <typename T>
absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::optional<T>& out) {
  return DecodeValue(value, path, out.emplace());
}

template <typename T>
absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::vector<T>& out) {
  if (value.type() != JsonValue::Type::kArray) return WrongType(path, "an array", value);
  // Bounded: a list of a million commas is 2 MB of text, and would be hundreds of MB of containers.
  out.reserve(std::min<std::size_t>(value.element_count(), 64));
  return value.ForEachElement([&](std::size_t index, JsonValue element) {
    return DecodeValue(element, JsonPath(path, index), out.emplace_back());
  });
}

template <typename T>
absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::map<std::string, T, std::less<>>& out) {
  if (!value.is_object()) return WrongType(path, "an object", value);
  return value.ForEachMember([&](std::string_view key, JsonValue member) -> absl::Status {
    if (member.is_null()) return absl::OkStatus();
    const JsonPath member_path(path, key);
    const auto [entry, is_new] = out.try_emplace(std::string(key));
    if (!is_new) return DecodeError(member_path, "given twice");
    return DecodeValue(member, member_path, entry->second);
  });
}

}  // namespace tidewaiter
