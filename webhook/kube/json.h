// SPDX-License-Identifier: Apache-2.0
//
// JSON as it is read on the hot path: simdjson behind a few words, so that json.cc is the only file that knows it. Not
// for writing. Tested by tests/kube/json_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tidewaiter {

// A view of one value of a JsonDocument; valid as long as the document lives. 16 bytes, copied freely.
class JsonValue {
 public:
  // kInteger fits in int64; kNumber is any other number.
  enum class Type { kNull, kBoolean, kInteger, kNumber, kString, kArray, kObject };

  Type type() const;
  bool is_null() const;
  bool is_object() const;

  // Each is true, and fills `out`, when the value is of that type.
  bool Get(bool& out) const;
  bool Get(std::int64_t& out) const;
  bool Get(std::string_view& out) const;

  // Each needs the type its name says; otherwise the result is false, 0 or "".
  bool boolean() const;
  std::int64_t integer() const;
  std::string_view string() const;  // into the document
  // The number's shortest text, for kInteger and kNumber; Quantity accepts JSON numbers.
  std::string NumberText() const;

  // The member of that name, or nullopt when this is not an object or has none.
  std::optional<JsonValue> Find(std::string_view key) const;

  // How many elements an array, or members an object, has (at most 2^24-1 are counted); 0 for anything else.
  std::size_t element_count() const;
  std::size_t member_count() const;

  // Calls `visit` for each member, in the order written, until it returns an error; that error is returned.
  // Duplicate keys are visited twice. OK for anything that is not an object.
  absl::Status ForEachMember(absl::FunctionRef<absl::Status(std::string_view key, JsonValue value)> visit) const;
  // The same for the elements of an array.
  absl::Status ForEachElement(absl::FunctionRef<absl::Status(std::size_t index, JsonValue value)> visit) const;

 private:
  friend class JsonDocument;
  // The bits of a simdjson::dom::element.
  std::array<std::uintptr_t, 2> bits_{};
};

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

  JsonValue root() const { return root_; }

 private:
  struct Parser;
  explicit JsonDocument(std::unique_ptr<Parser> parser);
  std::unique_ptr<Parser> parser_;
  JsonValue root_;
};

}  // namespace tidewaiter
