// SPDX-License-Identifier: Apache-2.0
//
// The scalar ends of the table decoder, and its error texts.
#include "webhook/kube/field_table.h"

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/types/optional.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

std::string JsonPath::ToPointer() const {
  if (parent_ == nullptr) return std::string(key_);
  std::string pointer = parent_->ToPointer();
  if (is_index_) {
    StrAppend(&pointer, "/", index_);
  } else {
    StrAppend(&pointer, "/", EscapePointerToken(key_));
  }
  return pointer;
}

namespace {

constexpr char kPointerPayload[] = "tidewaiter.dev/pointer";

}  // namespace

absl::Status DecodeError(const JsonPath& path, std::string_view message) {
  const std::string pointer = path.ToPointer();
  const std::string field = FieldPath(pointer);
  absl::Status status = InvalidArgument(field.empty() ? std::string(message) : StrCat(field, ": ", message));
  status.SetPayload(kPointerPayload, absl::Cord(pointer));
  return status;
}

std::string PointerOf(const absl::Status& status) {
  const absl::optional<absl::Cord> pointer = status.GetPayload(kPointerPayload);
  return pointer.has_value() ? std::string(*pointer) : std::string();
}

absl::Status WrongType(const JsonPath& path, std::string_view expected, JsonValue found) {
  return DecodeError(path, StrCat("expected ", expected, ", found ", JsonTypeName(found.type())));
}

absl::Status DecodeValue(JsonValue value, const JsonPath& path, bool& out) {
  return value.Get(out) ? absl::OkStatus() : WrongType(path, "a boolean", value);
}

absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::int64_t& out) {
  return value.Get(out) ? absl::OkStatus() : WrongType(path, "an integer", value);
}

absl::Status DecodeValue(JsonValue value, const JsonPath& path, std::string_view& out) {
  return value.Get(out) ? absl::OkStatus() : WrongType(path, "a string", value);
}

absl::Status DecodeValue(JsonValue value, const JsonPath& path, Quantity& out) {
  std::string number;
  std::string_view text;
  switch (value.type()) {
    case JsonValue::Type::kString:
      // As Quantity.UnmarshalJSON does before it parses.
      text = FromAbsl(absl::StripAsciiWhitespace(ToAbsl(value.string())));
      break;
    case JsonValue::Type::kInteger:
    case JsonValue::Type::kNumber:
      number = value.NumberText();
      text = number;
      break;
    default:
      return WrongType(path, "a quantity (such as 500m or 128Mi)", value);
  }
  absl::StatusOr<Quantity> quantity = Quantity::Parse(text);
  if (!quantity.ok()) return DecodeError(path, MessageOf(quantity.status()));
  out = *std::move(quantity);
  return absl::OkStatus();
}

}  // namespace tidewaiter
