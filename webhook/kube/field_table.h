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

// Why a value cannot be decoded, and where that stands: put together from the inside out, so that a walk that finds
// nothing wrong keeps no account of where it is. Each of the first five returns false, for the decoder to return.
class DecodeFailure {
 public:
  bool Set(std::string_view message);
  // "expected a string, found integer".
  bool SetWrongType(std::string_view expected, JsonValue found);
  // What failed is the member of this key, or the element of this index, of the value around it.
  bool At(std::string_view key);
  bool At(std::size_t index);
  // Set, of the member of this key.
  bool SetAt(std::string_view key, std::string_view message);

  // InvalidArgument: `spec.containers[0].image: MESSAGE`. `pointer` is the JSON pointer of the outermost value.
  // PointerOf tells where as a JSON pointer.
  absl::Status ToStatus(std::string_view pointer = "") const;

 private:
  std::string message_;
  std::string pointer_;  // JSON pointer (RFC 6901), with ~ and / escaped
};

// The JSON pointer that a DecodeFailure's status is about; "" of any other status.
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

// Each decodes `value` into `out`; false, and `failure` says why, when it cannot.
[[nodiscard]] bool DecodeValue(JsonValue value, Quantity& out, DecodeFailure& failure);
[[nodiscard]] inline bool DecodeValue(JsonValue value, bool& out, DecodeFailure& failure) {
  return value.Get(out) || failure.SetWrongType("a boolean", value);
}
[[nodiscard]] inline bool DecodeValue(JsonValue value, std::int64_t& out, DecodeFailure& failure) {
  return value.Get(out) || failure.SetWrongType("an integer", value);
}
// A view into the document.
[[nodiscard]] inline bool DecodeValue(JsonValue value, std::string_view& out, DecodeFailure& failure) {
  return value.Get(out) || failure.SetWrongType("a string", value);
}

template <typename Struct>
requires requires { JsonFields<Struct>::kFields; }
[[nodiscard]] bool DecodeValue(JsonValue value, Struct& out, DecodeFailure& failure);
template <typename T>
[[nodiscard]] bool DecodeValue(JsonValue value, std::optional<T>& out, DecodeFailure& failure);
template <typename T>
[[nodiscard]] bool DecodeValue(JsonValue value, std::vector<T>& out, DecodeFailure& failure);
template <typename T>
[[nodiscard]] bool DecodeValue(JsonValue value, TextMap<T>& out, DecodeFailure& failure);

// Decodes the members of one object into a struct: each finds its field with one look into a table and one comparison.
template <typename Struct>
class JsonFieldDecoder {
 public:
  static constexpr std::size_t kCount = std::tuple_size_v<std::remove_cvref_t<decltype(JsonFields<Struct>::kFields)>>;
  static_assert(kCount > 0 && kCount <= 32);

  JsonFieldDecoder(Struct& out, DecodeFailure& failure) : out_(out), failure_(failure) {}

  bool Decode(const JsonMember& member) {
    return member.key.empty() || DecodeNumber(kSlots[kHash.SlotOf(member.key)], member, Numbers());
  }

 private:
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

  // Becomes a jump to the field's own code, which knows the name to compare with.
  template <std::size_t... kNumbers>
  bool DecodeNumber(std::size_t number, const JsonMember& member, std::index_sequence<kNumbers...>) {
    bool is_good = true;
    (void)((number == kNumbers && (is_good = DecodeField<kNumbers>(member), true)) || ...);
    return is_good;
  }

  template <std::size_t kNumber>
  bool DecodeField(const JsonMember& member) {
    constexpr std::string_view kName = kNames[kNumber];
    if (member.key.size() != kName.size() || std::memcmp(member.key.data(), kName.data(), kName.size()) != 0)
      return true;
    constexpr std::uint32_t kBit = std::uint32_t{1} << kNumber;
    if ((seen_ & kBit) != 0) return failure_.SetAt(kName, "given twice");
    seen_ |= kBit;
    if (member.value.is_null()) return true;
    constexpr auto kMember = std::get<kNumber>(JsonFields<Struct>::kFields).member;
    return DecodeValue(member.value, out_.*kMember, failure_) || failure_.At(kName);
  }

  Struct& out_;
  DecodeFailure& failure_;
  std::uint32_t seen_ = 0;
};

template <typename Struct>
requires requires { JsonFields<Struct>::kFields; }
bool DecodeValue(JsonValue value, Struct& out, DecodeFailure& failure) {
  if (!value.is_object()) return failure.SetWrongType("an object", value);
  JsonFieldDecoder<Struct> decoder(out, failure);
  for (const JsonMember& member : value.members()) {
    if (!decoder.Decode(member)) return false;
  }
  return true;
}

template <typename T>
bool DecodeValue(JsonValue value, std::optional<T>& out, DecodeFailure& failure) {
  return DecodeValue(value, out.emplace(), failure);
}

template <typename T>
bool DecodeValue(JsonValue value, std::vector<T>& out, DecodeFailure& failure) {
  if (!value.is_array()) return failure.SetWrongType("an array", value);
  // Bounded: a list of a million commas is 2 MB of text, and would be hundreds of MB of containers.
  out.reserve(std::min<std::size_t>(value.element_count(), 64));
  for (const JsonValue element : value.elements()) {
    if (!DecodeValue(element, out.emplace_back(), failure)) return failure.At(out.size() - 1);
  }
  return true;
}

template <typename T>
bool DecodeValue(JsonValue value, TextMap<T>& out, DecodeFailure& failure) {
  if (!value.is_object()) return failure.SetWrongType("an object", value);
  std::vector<typename TextMap<T>::Entry> entries;
  entries.reserve(std::min<std::size_t>(value.member_count(), 64));
  bool is_good = true;
  for (const auto& [key, member] : value.members()) {
    if (member.is_null()) continue;
    is_good = DecodeValue(member, entries.emplace_back(key, T()).second, failure) || failure.At(key);
    if (!is_good) break;
  }
  TextMap<T> map;
  std::size_t repeated = 0;
  if (!map.Assign(entries, repeated)) {
    // Told before what is wrong further on, as it is in a struct.
    failure = {};
    return failure.SetAt(entries[repeated].first, "given twice");
  }
  if (is_good) out = std::move(map);
  return is_good;
}

}  // namespace tidewaiter
