// SPDX-License-Identifier: Apache-2.0
//
// JSON as it is read on the hot path: parsed by simdjson, which json.cc alone knows, and walked here on its tape
// (https://github.com/simdjson/simdjson/blob/master/doc/tape.md) without a call for each value. Not for writing. Tested
// by tests/kube/json_test.cc.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tidewaiter {

// What simdjson makes of a text. A word is a letter in its highest 8 bits, which tells the type, and 56 bits that mean:
//   { [  in the lower 32 the place behind the closing word, above them the count of what is inside
//   "    the place in `strings` of the length (32 bits) and the bytes
//   l u  nothing; the next word is the signed or unsigned integer
//   d    nothing; the next word is the double
// and nothing for true (t), false (f), null (n), } and ]. The members of an object are keys and values by turns.
struct JsonTape {
  const std::uint64_t* words = nullptr;
  const char* strings = nullptr;
  const void* document = nullptr;  // simdjson's own
};

class JsonElements;
class JsonMembers;

// A view of one value of a JsonDocument; valid as long as the document lives. 16 bytes, copied freely. null by itself.
class JsonValue {
 public:
  // kInteger fits in int64; kNumber is any other number.
  enum class Type { kNull, kBoolean, kInteger, kNumber, kString, kArray, kObject };

  JsonValue() : JsonValue(kNull, 0) {}

  Type type() const;
  bool is_null() const { return letter() == 'n'; }
  bool is_object() const { return letter() == '{'; }
  bool is_array() const { return letter() == '['; }

  // Each is true, and fills `out`, when the value is of that type.
  [[gnu::always_inline]] bool Get(bool& out) const {
    if (letter() != 't' && letter() != 'f') return false;
    out = letter() == 't';
    return true;
  }
  [[gnu::always_inline]] bool Get(std::int64_t& out) const {
    if (letter() != 'l') return false;
    out = static_cast<std::int64_t>(tape_->words[place_ + 1]);
    return true;
  }
  [[gnu::always_inline]] bool Get(std::string_view& out) const {
    if (letter() != '"') return false;
    const char* text = tape_->strings + (word() & kPayload);
    std::uint32_t size = 0;
    std::memcpy(&size, text, sizeof(size));
    out = std::string_view(text + sizeof(size), size);
    return true;
  }

  // Each needs the type its name says; otherwise the result is false, 0 or "".
  bool boolean() const { return letter() == 't'; }
  std::int64_t integer() const;
  std::string_view string() const;  // into the document
  // The number's shortest text, for kInteger and kNumber; Quantity accepts JSON numbers.
  std::string NumberText() const;

  // The member of that name, or nullopt when this is not an object or has none. The first, should there be two.
  std::optional<JsonValue> Find(std::string_view key) const;

  // How many elements an array, or members an object, has (at most 2^24-1 are counted); 0 for anything else.
  std::size_t element_count() const { return is_array() ? count() : 0; }
  std::size_t member_count() const { return is_object() ? count() : 0; }

  // In the order written; nothing of what is no array, or no object. Duplicate keys are there twice.
  JsonElements elements() const;
  JsonMembers members() const;

 private:
  friend class JsonDocument;
  friend class JsonElements;
  friend class JsonMembers;

  static constexpr std::uint64_t kPayload = (std::uint64_t{1} << 56) - 1;
  static const JsonTape kNull;

  JsonValue(const JsonTape& tape, std::size_t place) : tape_(&tape), place_(place) {}

  std::uint64_t word() const { return tape_->words[place_]; }
  char letter() const { return static_cast<char>(word() >> 56); }
  std::size_t count() const { return (word() & kPayload) >> 32; }
  // The place behind this value.
  [[gnu::always_inline]] std::size_t Behind() const {
    switch (letter()) {
      case '{':
      case '[':
        return static_cast<std::uint32_t>(word());
      case 'l':
      case 'u':
      case 'd':
        return place_ + 2;
      default:
        return place_ + 1;
    }
  }

  const JsonTape* tape_;
  std::size_t place_;
};

// A range over the elements of an array: `for (const JsonValue element : value.elements())`.
class JsonElements {
 public:
  class Iterator {
   public:
    explicit Iterator(JsonValue value) : value_(value) {}
    JsonValue operator*() const { return value_; }
    Iterator& operator++() {
      value_.place_ = value_.Behind();
      return *this;
    }
    bool operator!=(const Iterator& other) const { return value_.place_ != other.value_.place_; }

   private:
    JsonValue value_;
  };

  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(end_); }

 private:
  friend class JsonValue;
  JsonElements(JsonValue first, JsonValue end) : first_(first), end_(end) {}
  JsonValue first_;
  JsonValue end_;
};

struct JsonMember {
  std::string_view key;
  JsonValue value;
};

// A range over the members of an object: `for (const auto& [key, member] : value.members())`.
class JsonMembers {
 public:
  class Iterator {
   public:
    explicit Iterator(JsonValue key) : key_(key) {}
    JsonMember operator*() const {
      JsonMember member{{}, key_};
      key_.Get(member.key);
      ++member.value.place_;
      return member;
    }
    Iterator& operator++() {
      ++key_.place_;
      key_.place_ = key_.Behind();
      return *this;
    }
    bool operator!=(const Iterator& other) const { return key_.place_ != other.key_.place_; }

   private:
    JsonValue key_;
  };

  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(end_); }

 private:
  friend class JsonValue;
  JsonMembers(JsonValue first, JsonValue end) : first_(first), end_(end) {}
  JsonValue first_;
  JsonValue end_;
};

[[gnu::always_inline]] inline JsonElements JsonValue::elements() const {
  const std::size_t end = is_array() ? Behind() - 1 : place_ + 1;
  return {JsonValue(*tape_, place_ + 1), JsonValue(*tape_, end)};
}

[[gnu::always_inline]] inline JsonMembers JsonValue::members() const {
  const std::size_t end = is_object() ? Behind() - 1 : place_ + 1;
  return {JsonValue(*tape_, place_ + 1), JsonValue(*tape_, end)};
}

// "null", "boolean", "integer", "number", "string", "array", "object".
std::string_view JsonTypeName(JsonValue::Type type);

// A parsed text. Keeps a parser of its thread's small pool; must be destroyed on the thread that made it.
class JsonDocument {
 public:
  // Brackets may nest this deep. A CRD with a pod template nests about 20 deep; the API server's own limit for JSON is
  // 10,000 (encoding/json), which no real object comes near.
  static constexpr std::size_t kMaxDepth = 128;

  // Parses one JSON text (RFC 8259), strict UTF-8. InvalidArgument says what is wrong.
  static absl::StatusOr<JsonDocument> Parse(std::string_view text);

  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();

  JsonValue root() const;

 private:
  struct Parser;
  explicit JsonDocument(std::unique_ptr<Parser> parser);
  std::unique_ptr<Parser> parser_;
};

}  // namespace tidewaiter
