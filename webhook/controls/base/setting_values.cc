// SPDX-License-Identifier: Apache-2.0
//
// The scalar types of settings.
#include "webhook/controls/base/setting_values.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "webhook/kube/quoted.h"

namespace tidewaiter {

namespace {

// YAML 1.1 took these for booleans, and 1.2 does not.
absl::Status RefuseBoolean(const DocumentNode& node) {
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return absl::EqualsIgnoreCase(ToAbsl(node.text), ToAbsl(word)); });
  };
  std::string_view hint;
  if (node.kind == DocumentNode::Kind::kString && is_one_of({"true", "false"})) hint = "; write it without quotes";
  if (node.kind == DocumentNode::Kind::kString && is_one_of({"yes", "on", "y"})) hint = "; write true";
  if (node.kind == DocumentNode::Kind::kString && is_one_of({"no", "off", "n"})) hint = "; write false";
  return WrongSettingType(node, "a boolean", hint);
}

}  // namespace

absl::Status WrongSettingType(const DocumentNode& node, std::string_view expected, std::string_view hint) {
  const bool has_text = node.kind != DocumentNode::Kind::kNull && node.kind != DocumentNode::Kind::kSequence &&
                        node.kind != DocumentNode::Kind::kMapping;
  return node.Error(StrCat("expected ", expected, ", found ", DocumentKindName(node.kind), has_text ? " " : "",
                           has_text ? Quoted(node.text) : std::string(), hint));
}

absl::Status CheckOneOf(const DocumentNode& node, const SettingBounds& bounds, std::string_view text) {
  if (bounds.one_of.empty() || std::find(bounds.one_of.begin(), bounds.one_of.end(), text) != bounds.one_of.end()) {
    return absl::OkStatus();
  }
  std::string allowed;
  for (const std::string_view value : bounds.one_of) StrAppend(&allowed, allowed.empty() ? "" : ", ", value);
  return node.Error(StrCat(Quoted(text), " is none of ", allowed, DidYouMean(text, bounds.one_of)));
}

absl::Status CheckNotNegative(const Quantity& amount) {
  if (!amount.is_negative()) return absl::OkStatus();
  return InvalidArgument(StrCat("must not be negative, is ", amount.text()));
}

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds&, bool& out) {
  if (node.kind != DocumentNode::Kind::kBoolean) return RefuseBoolean(node);
  out = node.text == "true" || node.text == "True" || node.text == "TRUE";
  return absl::OkStatus();
}

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds& bounds, std::int64_t& out) {
  if (node.kind != DocumentNode::Kind::kInteger) {
    std::int64_t number = 0;
    const bool is_quoted = node.kind == DocumentNode::Kind::kString && absl::SimpleAtoi(ToAbsl(node.text), &number);
    return WrongSettingType(node, "an integer", is_quoted ? "; write it without quotes" : "");
  }
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
  if (node.kind != DocumentNode::Kind::kString) {
    const bool has_text = !node.text.empty() && node.kind != DocumentNode::Kind::kNull;
    return WrongSettingType(node, "a string", has_text ? "; put it in quotes" : "");
  }
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
