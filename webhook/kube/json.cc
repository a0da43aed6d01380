// SPDX-License-Identifier: Apache-2.0
//
// simdjson's DOM behind JsonValue. The only file that includes simdjson.
#include "webhook/kube/json.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using Bits = std::array<std::uintptr_t, 2>;
using simdjson::dom::element;
using simdjson::dom::element_type;
static_assert(sizeof(element) == sizeof(Bits) && std::is_trivially_copyable_v<element>);

element ElementOf(const Bits& bits) { return std::bit_cast<element>(bits); }

// A parser that grew beyond this is not kept: one huge review must not hold its memory for good. simdjson needs about
// 14 bytes a body byte and the padded text one more, so 512 KiB keeps at most 7.5 MiB a thread.
constexpr std::size_t kKeptCapacity = 512u << 10;

}  // namespace

struct JsonDocument::Parser {
  simdjson::dom::parser parser;
  // The text, and behind it the bytes that simdjson may read beyond its end. Given to simdjson without them, each text
  // would be copied into memory that is asked for anew.
  std::vector<char> padded;

  // A free parser of this thread. Reviews nest documents at most two deep.
  static std::vector<std::unique_ptr<Parser>>& Pool() {
    thread_local std::vector<std::unique_ptr<Parser>> pool;
    return pool;
  }
};

JsonValue::Type JsonValue::type() const {
  switch (ElementOf(bits_).type()) {
    case element_type::NULL_VALUE:
      return Type::kNull;
    case element_type::BOOL:
      return Type::kBoolean;
    case element_type::INT64:
      return Type::kInteger;
    case element_type::UINT64:
    case element_type::DOUBLE:
      return Type::kNumber;
    case element_type::STRING:
      return Type::kString;
    case element_type::ARRAY:
      return Type::kArray;
    case element_type::OBJECT:
      return Type::kObject;
  }
  return Type::kNull;
}

bool JsonValue::is_null() const { return ElementOf(bits_).is_null(); }
bool JsonValue::is_object() const { return ElementOf(bits_).is_object(); }

bool JsonValue::Get(bool& out) const { return ElementOf(bits_).get(out) == simdjson::SUCCESS; }
bool JsonValue::Get(std::int64_t& out) const {
  return type() == Type::kInteger && ElementOf(bits_).get(out) == simdjson::SUCCESS;
}
bool JsonValue::Get(std::string_view& out) const { return ElementOf(bits_).get(out) == simdjson::SUCCESS; }

bool JsonValue::boolean() const {
  bool value = false;
  return Get(value) && value;
}

std::int64_t JsonValue::integer() const {
  std::int64_t value = 0;
  return ElementOf(bits_).get(value) == simdjson::SUCCESS ? value : 0;
}

std::string_view JsonValue::string() const {
  std::string_view value;
  return Get(value) ? value : std::string_view();
}

std::string JsonValue::NumberText() const { return simdjson::minify(ElementOf(bits_)); }

std::optional<JsonValue> JsonValue::Find(std::string_view key) const {
  element member;
  if (ElementOf(bits_).at_key(key).get(member) != simdjson::SUCCESS) return std::nullopt;
  JsonValue value;
  value.bits_ = std::bit_cast<Bits>(member);
  return value;
}

std::size_t JsonValue::element_count() const {
  simdjson::dom::array array;
  return ElementOf(bits_).get(array) == simdjson::SUCCESS ? array.size() : 0;
}

std::size_t JsonValue::member_count() const {
  simdjson::dom::object object;
  return ElementOf(bits_).get(object) == simdjson::SUCCESS ? object.size() : 0;
}

absl::Status JsonValue::ForEachMember(
    absl::FunctionRef<absl::Status(std::string_view key, JsonValue value)> visit) const {
  simdjson::dom::object object;
  if (ElementOf(bits_).get(object) != simdjson::SUCCESS) return absl::OkStatus();
  for (const auto [key, member] : object) {
    JsonValue value;
    value.bits_ = std::bit_cast<Bits>(member);
    if (absl::Status status = visit(key, value); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status JsonValue::ForEachElement(
    absl::FunctionRef<absl::Status(std::size_t index, JsonValue value)> visit) const {
  simdjson::dom::array array;
  if (ElementOf(bits_).get(array) != simdjson::SUCCESS) return absl::OkStatus();
  std::size_t index = 0;
  for (const element member : array) {
    JsonValue value;
    value.bits_ = std::bit_cast<Bits>(member);
    if (absl::Status status = visit(index++, value); !status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string_view JsonTypeName(JsonValue::Type type) {
  switch (type) {
    case JsonValue::Type::kNull:
      return "null";
    case JsonValue::Type::kBoolean:
      return "boolean";
    case JsonValue::Type::kInteger:
      return "integer";
    case JsonValue::Type::kNumber:
      return "number";
    case JsonValue::Type::kString:
      return "string";
    case JsonValue::Type::kArray:
      return "array";
    case JsonValue::Type::kObject:
      return "object";
  }
  return "value";
}

absl::StatusOr<JsonDocument> JsonDocument::Parse(std::string_view text) {
  std::unique_ptr<Parser> parser;
  auto& pool = Parser::Pool();
  if (pool.empty()) {
    parser = std::make_unique<Parser>();
    if (parser->parser.allocate(std::max<std::size_t>(text.size(), 16u << 10), kMaxDepth) != simdjson::SUCCESS) {
      return absl::ResourceExhaustedError("no memory for a JSON parser");
    }
  } else {
    parser = std::move(pool.back());
    pool.pop_back();
  }
  simdjson::dom::element root;
  if (parser->padded.size() < text.size() + simdjson::SIMDJSON_PADDING) {
    parser->padded.resize(text.size() + simdjson::SIMDJSON_PADDING);
  }
  std::copy(text.begin(), text.end(), parser->padded.begin());
  const simdjson::error_code error = parser->parser.parse(parser->padded.data(), text.size(), false).get(root);
  JsonDocument document(std::move(parser));
  switch (error) {
    case simdjson::SUCCESS:
      break;
    case simdjson::EMPTY:
      return absl::InvalidArgumentError("empty, where a JSON object was expected");
    case simdjson::DEPTH_ERROR:
      return InvalidArgument(StrCat("not readable: nested deeper than ", kMaxDepth, " levels"));
    case simdjson::UTF8_ERROR:
      return absl::InvalidArgumentError("not JSON: it is not valid UTF-8");
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
      return absl::ResourceExhaustedError("no memory for a JSON text of this size");
    default:
      return InvalidArgument(StrCat("not JSON: ", simdjson::error_message(error)));
  }
  document.root_.bits_ = std::bit_cast<Bits>(root);
  return document;
}

JsonDocument::JsonDocument(std::unique_ptr<Parser> parser) : parser_(std::move(parser)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;

JsonDocument::~JsonDocument() {
  if (parser_ != nullptr && parser_->parser.capacity() <= kKeptCapacity) Parser::Pool().push_back(std::move(parser_));
}

}  // namespace tidewaiter
