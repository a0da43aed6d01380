// SPDX-License-Identifier: Apache-2.0
//
// Decoding by table: a struct names its fields once (JSON name, member), and the C++ type of each member decides what
// JSON type is expected. Absent and null are the same; a wrong type is refused with its JSON pointer and the type
// expected; unknown fields are left alone; a field given twice is refused, because readers differ in which one they
// take. Tested by tests/kube/pod_decoder_test.cc.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "webhook/kube/json.h"
#include "webhook/kube/quantity.h"
#include "webhook/kube/text_map.h"

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
// A view into the document.
absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::string_view& out);
absl::Status DecodeValue(JsonValue value, const JsonPath& path, Quantity& out);

template <typename Struct>
requires requires { JsonFields<Struct>::kFields; }
absl::Status DecodeValue(JsonValue value, const JsonPath& path, Struct& out);
template <typename T>
absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::optional<T>& out);
template <typename T>
absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::vector<T>& out);
template <typename T>
absl::Status DecodeValue(JsonValue value, const JsonPath& path, TextMap<T>& out);

// Finds a struct's field by name with one look into a table and one comparison, and decodes it.
template <typename Struct>
class JsonFieldTable {
 public:
  static constexpr std::size_t kCount = std::tuple_size_v<std::remove_cvref_t<decltype(JsonFields<Struct>::kFields)>>;
  static_assert(kCount > 0 && kCount <= 32);

  // The number of the field, kCount when there is none.
  static std::size_t Find(std::string_view name) {
    if (name.empty()) return kCount;
    const std::size_t number = kSlots[kHash.SlotOf(name)];
    const bool is_it = number < kCount && kNames[number].size() == name.size() &&
                       std::memcmp(kNames[number].data(), name.data(), name.size()) == 0;
    return is_it ? number : kCount;
  }

  static absl::Status Decode(std::size_t number, JsonValue value, const JsonPath& path, Struct& out) {
    return kDecoders[number](value, path, out);
  }

 private:
  using Decoder = absl::Status (*)(JsonValue, const JsonPath&, Struct&);
  using Numbers = std::make_index_sequence<kCount>;
  static constexpr std::size_t kSlotCount = 128;

  // Tells names apart by size, first and last character.
  struct Hash {
    unsigned of_size = 0;
    unsigned of_first = 0;
    constexpr std::size_t SlotOf(std::string_view name) const {
      const auto last = static_cast<unsigned char>(name.back());
      return (name.size() * of_size + static_cast<unsigned char>(name.front()) * of_first + last) % kSlotCount;
    }
  };

  static constexpr std::array<std::string_view, kCount> kNames =
      std::apply([](const auto&... fields) { return std::array<std::string_view, kCount>{fields.name...}; },
                 JsonFields<Struct>::kFields);

  static constexpr bool IsPerfect(const Hash& hash) {
    std::array<bool, kSlotCount> is_taken{};
    for (const std::string_view name : kNames) {
      if (is_taken[hash.SlotOf(name)]) return false;
      is_taken[hash.SlotOf(name)] = true;
    }
    return true;
  }
  // Of size 0 when no hash has a slot for each name; more slots are needed then.
  static constexpr Hash FindHash() {
    for (unsigned of_size = 1; of_size < 32; ++of_size) {
      for (unsigned of_first = 1; of_first < 32; ++of_first) {
        if (IsPerfect({of_size, of_first})) return {of_size, of_first};
      }
    }
    return {};
  }
  static constexpr Hash kHash = FindHash();
  static_assert(kHash.of_size > 0);

  static constexpr std::array<std::uint8_t, kSlotCount> kSlots = [] {
    std::array<std::uint8_t, kSlotCount> slots{};
    slots.fill(kCount);
    for (std::size_t i = 0; i < kCount; ++i) slots[kHash.SlotOf(kNames[i])] = static_cast<std::uint8_t>(i);
    return slots;
  }();

  template <std::size_t kNumber>
  static absl::Status DecodeField(JsonValue value, const JsonPath& path, Struct& out) {
    return DecodeValue(value, path, out.*std::get<kNumber>(JsonFields<Struct>::kFields).member);
  }
  template <std::size_t... kNumbers>
  static constexpr std::array<Decoder, kCount> MakeDecoders(std::index_sequence<kNumbers...>) {
    return {&DecodeField<kNumbers>...};
  }
  static constexpr std::array<Decoder, kCount> kDecoders = MakeDecoders(Numbers());
};

template <typename Struct>
requires requires { JsonFields<Struct>::kFields; }
absl::Status DecodeValue(JsonValue value, const JsonPath& path, Struct& out) {
  using Table = JsonFieldTable<Struct>;
  if (!value.is_object()) return WrongType(path, "an object", value);
  std::uint32_t seen = 0;
  return value.ForEachMember([&](std::string_view key, JsonValue member) -> absl::Status {
    const std::size_t number = Table::Find(key);
    if (number == Table::kCount) return absl::OkStatus();
    const JsonPath member_path(path, key);
    const std::uint32_t bit = std::uint32_t{1} << number;
    if ((seen & bit) != 0) return DecodeError(member_path, "given twice");
    seen |= bit;
    return member.is_null() ? absl::OkStatus() : Table::Decode(number, member, member_path, out);
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
absl::Status DecodeValue(JsonValue value, const JsonPath& path, TextMap<T>& out) {
  if (!value.is_object()) return WrongType(path, "an object", value);
  std::vector<typename TextMap<T>::Entry> entries;
  entries.reserve(std::min<std::size_t>(value.member_count(), 64));
  bool is_in_order = true;
  absl::Status status = value.ForEachMember([&](std::string_view key, JsonValue member) -> absl::Status {
    if (member.is_null()) return absl::OkStatus();
    is_in_order = is_in_order && (entries.empty() || entries.back().first < key);
    return DecodeValue(member, JsonPath(path, key), entries.emplace_back(key, T()).second);
  });
  // Told before what is wrong further on, as it is in a struct.
  if (const auto repeated = is_in_order ? std::nullopt : TextMap<T>::FindRepeated(entries); repeated.has_value()) {
    return DecodeError(JsonPath(path, entries[*repeated].first), "given twice");
  }
  if (status.ok()) out = TextMap<T>(std::move(entries));
  return status;
}

}  // namespace tidewaiter
