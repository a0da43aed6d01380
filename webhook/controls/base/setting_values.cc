// SPDX-License-Identifier: Apache-2.0
//
// The scalar types of settings.
#include "webhook/controls/base/setting_values.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "webhook/kube/quoted.h"

namespace tidewaiter {

absl::Status WrongSettingType(const DocumentNode& node, std::string_view expected) {
  const bool has_text = node.kind != DocumentNode::Kind::kNull && node.kind != DocumentNode::Kind::kSequence &&
                        node.kind != DocumentNode::Kind::kMapping;
  return node.Error(StrCat("expected ", expected, ", found ", DocumentKindName(node.kind), has_text ? " " : "",
                           has_text ? Quoted(node.text) : std::string()));
}

absl::Status CheckOneOf(const DocumentNode& node, const SettingBounds& bounds, std::string_view text) {
  if (bounds.one_of.empty() || std::find(bounds.one_of.begin(), bounds.one_of.end(), text) != bounds.one_of.end()) {
    return absl::OkStatus();
  }
  std::string allowed;
  for (const std::string_view value : bounds.one_of) StrAppend(&allowed, allowed.empty() ? "" : ", ", value);
  const std::string_view nearest = NearestName(text, bounds.one_of);
  return node.Error(StrCat(Quoted(text), " is none of ", allowed,
                           nearest.empty() ? std::string() : StrCat("; did you mean ", Quoted(nearest), "?")));
}

absl::Status CheckNotNegative(const Quantity& amount) {
  if (!amount.is_negative()) return absl::OkStatus();
  return InvalidArgument(StrCat("must not be negative, is ", amount.text()));
}

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds&, bool& out) {
  if (node.kind != DocumentNode::Kind::kBoolean) return WrongSettingType(node, "a boolean");
  out = node.text == "true" || node.text == "True" || node.text == "TRUE";
  return absl::OkStatus();
}

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, std::int64_t& out) {
  if (node.kind != DocumentNode::Kind::kInteger) return WrongSettingType(node, "an integer");
  if (!absl::SimpleAtoi(ToAbsl(node.text), &out)) return node.Error("out of range for a 64-bit integer");
  if (bounds.at_least.has_value() && out < *bounds.at_least) {
    return node.Error(StrCat("must be at least ", *bounds.at_least, ", is ", out));
  }
  if (bounds.at_most.has_value() && out > *bounds.at_most) {
    return node.Error(StrCat("must be at most ", *bounds.at_most, ", is ", out));
  }
  return absl::OkStatus();
}

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, std::string& out) {
  if (node.kind != DocumentNode::Kind::kString) return WrongSettingType(node, "a string");
  out = node.text;
  return CheckOneOf(node, bounds, node.text);
}

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds&, Quantity& out) {
  if (node.kind != DocumentNode::Kind::kString && node.kind != DocumentNode::Kind::kInteger &&
      node.kind != DocumentNode::Kind::kFloat) {
    return WrongSettingType(node, "a quantity (such as 500m or 128Mi)");
  }
  absl::StatusOr<Quantity> quantity = Quantity::Parse(node.text);
  if (!quantity.ok()) return node.Error(MessageOf(quantity.status()));
  out = *std::move(quantity);
  return absl::OkStatus();
}

}  // namespace tidewaiter
