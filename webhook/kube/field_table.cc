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

namespace {

constexpr char kPointerPayload[] = "tidewaiter.dev/pointer";

}  // namespace

bool DecodeFailure::Set(std::string_view message) {
  message_ = message;
  return false;
}

bool DecodeFailure::SetWrongType(std::string_view expected, JsonValue found) {
  return Set(StrCat("expected ", expected, ", found ", JsonTypeName(found.type())));
}

bool DecodeFailure::At(std::string_view key) {
  pointer_ = StrCat("/", EscapePointerToken(key), pointer_);
  return false;
}

bool DecodeFailure::At(std::size_t index) {
  pointer_ = StrCat("/", index, pointer_);
  return false;
}

bool DecodeFailure::SetAt(std::string_view key, std::string_view message) {
  Set(message);
  return At(key);
}

absl::Status DecodeFailure::ToStatus(std::string_view pointer) const {
  const std::string whole = StrCat(pointer, pointer_);
  const std::string field = FieldPath(whole);
  absl::Status status = InvalidArgument(field.empty() ? message_ : StrCat(field, ": ", message_));
  status.SetPayload(kPointerPayload, absl::Cord(whole));
  return status;
}

std::string PointerOf(const absl::Status& status) {
  const absl::optional<absl::Cord> pointer = status.GetPayload(kPointerPayload);
  return pointer.has_value() ? std::string(*pointer) : std::string();
}

bool DecodeValue(JsonValue value, Quantity& out, DecodeFailure& failure) {
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
      return failure.SetWrongType("a quantity (such as 500m or 128Mi)", value);
  }
  absl::StatusOr<Quantity> quantity = Quantity::Parse(text);
  if (!quantity.ok()) return failure.Set(MessageOf(quantity.status()));
  out = *std::move(quantity);
  return true;
}

}  // namespace tidewaiter
