// SPDX-License-Identifier: Apache-2.0
//
// simdjson's parser behind JsonDocument. The only file that includes simdjson.
#include "webhook/kube/json.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

// A parser that grew beyond this is not kept: one huge review must not hold its memory for good. simdjson needs about
// 14 bytes a body byte and the padded text one more, so 512 KiB keeps at most 7.5 MiB a thread.
constexpr std::size_t kKeptCapacity = 512u << 10;

}  // namespace

struct JsonDocument::Parser {
  simdjson::dom::parser parser;
  // The text, and behind it the bytes that simdjson may read beyond its end. Given to simdjson without them, each text
  // would be copied into memory that is asked for anew.
  std::vector<char> padded;
  JsonTape tape;

  // A free parser of this thread. Reviews nest documents at most two deep.
  static std::vector<std::unique_ptr<Parser>>& Pool() {
    thread_local std::vector<std::unique_ptr<Parser>> pool;
    return pool;
  }
};

// The letters that json.h knows, as this version of simdjson writes them.
using simdjson::internal::tape_type;
static_assert(static_cast<char>(tape_type::ROOT) == 'r' && static_cast<char>(tape_type::START_ARRAY) == '[' &&
              static_cast<char>(tape_type::START_OBJECT) == '{' && static_cast<char>(tape_type::STRING) == '"' &&
              static_cast<char>(tape_type::INT64) == 'l' && static_cast<char>(tape_type::UINT64) == 'u' &&
              static_cast<char>(tape_type::DOUBLE) == 'd' && static_cast<char>(tape_type::TRUE_VALUE) == 't' &&
              static_cast<char>(tape_type::FALSE_VALUE) == 'f' && static_cast<char>(tape_type::NULL_VALUE) == 'n');

constexpr std::uint64_t kNullWord = std::uint64_t{'n'} << 56;
const JsonTape JsonValue::kNull = {.words = &kNullWord};

JsonValue::Type JsonValue::type() const {
  switch (letter()) {
    case 't':
    case 'f':
      return Type::kBoolean;
    case 'l':
      return Type::kInteger;
    case 'u':
    case 'd':
      return Type::kNumber;
    case '"':
      return Type::kString;
    case '[':
      return Type::kArray;
    case '{':
      return Type::kObject;
    default:
      return Type::kNull;
  }
}

std::int64_t JsonValue::integer() const {
  std::int64_t value = 0;
  Get(value);
  return value;
}

std::string_view JsonValue::string() const {
  std::string_view value;
  Get(value);
  return value;
}

std::string JsonValue::NumberText() const {
  using simdjson::dom::element;
  using Bits = std::array<std::uintptr_t, 2>;  // of an element: its document, and its place on the tape
  static_assert(sizeof(element) == sizeof(Bits) && std::is_trivially_copyable_v<element>);
  if (type() != Type::kInteger && type() != Type::kNumber) return "";
  return simdjson::minify(std::bit_cast<element>(Bits{std::bit_cast<std::uintptr_t>(tape_->document), place_}));
}

std::optional<JsonValue> JsonValue::Find(std::string_view key) const {
  for (const auto& [name, member] : members()) {
    if (name == key) return member;
  }
  return std::nullopt;
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
  if (parser->padded.size() < text.size() + simdjson::SIMDJSON_PADDING) {
    parser->padded.resize(text.size() + simdjson::SIMDJSON_PADDING);
  }
  std::copy(text.begin(), text.end(), parser->padded.begin());
  const simdjson::error_code error = parser->parser.parse(parser->padded.data(), text.size(), false).error();
  const simdjson::dom::document& parsed = parser->parser.doc;
  parser->tape = {.words = parsed.tape.get(),
                  .strings = reinterpret_cast<const char*>(parsed.string_buf.get()),
                  .document = &parsed};
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
  return document;
}

// Behind the word that says where the whole ends.
JsonValue JsonDocument::root() const { return JsonValue(parser_->tape, 1); }

JsonDocument::JsonDocument(std::unique_ptr<Parser> parser) : parser_(std::move(parser)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;

JsonDocument::~JsonDocument() {
  if (parser_ != nullptr && parser_->parser.capacity() <= kKeptCapacity) Parser::Pool().push_back(std::move(parser_));
}

}  // namespace tidewaiter
