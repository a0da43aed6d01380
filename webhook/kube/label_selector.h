// SPDX-License-Identifier: Apache-2.0
//
// LabelSelector: the meta/v1 LabelSelector of the Kubernetes API, as used by namespaceSelector and objectSelector. It
// is not the string form ("a=b,c in (d)") of kubectl. Tested by tests/kube/label_selector_test.cc against a table made
// with k8s.io/apimachinery.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tidewaiter {

using Labels = std::map<std::string, std::string, std::less<>>;

enum class LabelOperator { kIn, kNotIn, kExists, kDoesNotExist };

// "In", "NotIn", "Exists", "DoesNotExist", spelt exactly so; InvalidArgument otherwise.
absl::StatusOr<LabelOperator> ParseLabelOperator(std::string_view text);

// One condition on one label. Without the label, NotIn and DoesNotExist hold.
struct LabelRequirement {
  std::string key;
  LabelOperator op = LabelOperator::kExists;
  std::vector<std::string> values;  // for kIn and kNotIn, else empty

  // InvalidArgument, saying what to mend: the key is not a label key, In or NotIn without values, Exists or
  // DoesNotExist with values, a value that is not a label value.
  absl::Status Validate() const;

  // Whether it holds for a label of this value; nullopt: there is none.
  bool Holds(std::optional<std::string_view> value) const;

  auto operator<=>(const LabelRequirement&) const = default;
};

// A plain value: every requirement must hold, so an empty selector matches everything. (Kubernetes lets an absent
// selector match nothing in some fields and everything in others: that is for the holder of the field to say.)
struct LabelSelector {
  std::vector<LabelRequirement> requirements;

  // An entry of matchLabels: In with one value. InvalidArgument and no change as in LabelRequirement::Validate.
  absl::Status AddMatchLabel(std::string_view key, std::string_view value);

  // An entry of matchExpressions. InvalidArgument and no change as in ParseLabelOperator and
  // LabelRequirement::Validate.
  absl::Status AddMatchExpression(std::string_view key, std::string_view op, std::vector<std::string> values);

  // `labels` is any map from text to text, such as Labels.
  template <typename Map>
  bool Matches(const Map& labels) const {
    return std::all_of(requirements.begin(), requirements.end(), [&](const LabelRequirement& requirement) {
      const auto label = labels.find(requirement.key);
      return requirement.Holds(label == labels.end() ? std::nullopt : std::optional<std::string_view>(label->second));
    });
  }

  auto operator<=>(const LabelSelector&) const = default;
};

// InvalidArgument unless `key` is a name of 1 to 63 letters, digits, '-', '_' and '.' that begins and ends with a
// letter or digit, perhaps after a lower-case DNS subdomain of at most 253 bytes and '/' (content.IsLabelKey).
absl::Status ValidateLabelKey(std::string_view key);

// InvalidArgument unless `value` is empty or such a name of at most 63 bytes (content.IsLabelValue).
absl::Status ValidateLabelValue(std::string_view value);

}  // namespace tidewaiter
