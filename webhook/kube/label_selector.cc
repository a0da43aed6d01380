// SPDX-License-Identifier: Apache-2.0
//
// Label selectors: the syntax rules of keys and values first, then the requirement, then the selector.
#include "webhook/kube/label_selector.h"

#include <algorithm>
#include <utility>

#include "webhook/kube/characters.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

constexpr std::size_t kMaxNameSize = 63;        // a label value, or the name part of a key
constexpr std::size_t kMaxSubdomainSize = 253;  // RFC 1123, the longest host name

constexpr std::string_view kNameRule =
    " must consist of letters, digits, '-', '_' and '.', begin and end with a letter or digit, and have at most 63 "
    "characters";

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameSize && IsAlphanumeric(text.front()) && IsAlphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

// Labels of lower-case letters, digits and inner dashes, joined by single dots; a label's own length is not limited.
bool IsSubdomain(std::string_view text) {
  if (text.size() > kMaxSubdomainSize) return false;
  char previous = '.';
  for (char c : text) {
    if (c == '.' ? !IsLowerAlphanumeric(previous) : c == '-' ? previous == '.' : !IsLowerAlphanumeric(c)) return false;
    previous = c;
  }
  return IsLowerAlphanumeric(previous);
}

bool TakesValues(LabelOperator op) { return op == LabelOperator::kIn || op == LabelOperator::kNotIn; }

}  // namespace

absl::Status ValidateLabelKey(std::string_view key) {
  std::string_view name = key;
  if (const std::size_t slash = key.find('/'); slash != std::string_view::npos) {
    if (!IsSubdomain(key.substr(0, slash))) {
      return InvalidArgument(
          StrCat("label key ", Quoted(key), " must have a lower-case DNS name of at most 253 characters before '/'"));
    }
    name = key.substr(slash + 1);
  }
  if (!IsName(name)) {
    return InvalidArgument(StrCat("label key ", Quoted(key), name.size() == key.size() ? "" : ": the part after '/'",
                                  name.empty() ? " must not be empty" : kNameRule));
  }
  return absl::OkStatus();
}

absl::Status ValidateLabelValue(std::string_view value) {
  if (value.empty() || IsName(value)) return absl::OkStatus();
  return InvalidArgument(StrCat("label value ", Quoted(value), kNameRule));
}

absl::StatusOr<LabelOperator> ParseLabelOperator(std::string_view text) {
  if (text == "In") return LabelOperator::kIn;
  if (text == "NotIn") return LabelOperator::kNotIn;
  if (text == "Exists") return LabelOperator::kExists;
  if (text == "DoesNotExist") return LabelOperator::kDoesNotExist;
  return InvalidArgument(StrCat("operator ", Quoted(text), " is not one of In, NotIn, Exists, DoesNotExist"));
}

absl::Status LabelRequirement::Validate() const {
  if (absl::Status status = ValidateLabelKey(key); !status.ok()) return status;
  if (TakesValues(op) && values.empty()) {
    return InvalidArgument(StrCat("operator ", op == LabelOperator::kIn ? "In" : "NotIn", " on label ", Quoted(key),
                                  " needs at least one value"));
  }
  if (!TakesValues(op) && !values.empty()) {
    return InvalidArgument(StrCat("operator ", op == LabelOperator::kExists ? "Exists" : "DoesNotExist", " on label ",
                                  Quoted(key), " must have no values"));
  }
  for (const std::string& value : values) {
    if (absl::Status status = ValidateLabelValue(value); !status.ok()) return status;
  }
  return absl::OkStatus();
}

bool LabelRequirement::Holds(std::optional<std::string_view> value) const {
  const bool exists = value.has_value();
  const bool has_value = exists && std::find(values.begin(), values.end(), *value) != values.end();
  switch (op) {
    case LabelOperator::kIn:
      return has_value;
    case LabelOperator::kNotIn:
      return !has_value;
    case LabelOperator::kExists:
      return exists;
    case LabelOperator::kDoesNotExist:
      return !exists;
  }
  return false;
}

absl::Status LabelSelector::AddMatchLabel(std::string_view key, std::string_view value) {
  LabelRequirement requirement{.key = std::string(key), .op = LabelOperator::kIn, .values = {std::string(value)}};
  if (absl::Status status = requirement.Validate(); !status.ok()) return status;
  requirements.push_back(std::move(requirement));
  return absl::OkStatus();
}

absl::Status LabelSelector::AddMatchExpression(std::string_view key, std::string_view op,
                                               std::vector<std::string> values) {
  absl::StatusOr<LabelOperator> parsed = ParseLabelOperator(op);
  if (!parsed.ok()) return parsed.status();
  LabelRequirement requirement{.key = std::string(key), .op = *parsed, .values = std::move(values)};
  if (absl::Status status = requirement.Validate(); !status.ok()) return status;
  requirements.push_back(std::move(requirement));
  return absl::OkStatus();
}

}  // namespace tidewaiter
