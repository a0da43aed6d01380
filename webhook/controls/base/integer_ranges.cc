// SPDX-License-Identifier: Apache-2.0
//
// Ranges read, checked and written.
#include "webhook/controls/base/integer_ranges.h"

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

template <typename Range>
SettingsSchema<Range> MakeSchema(std::int64_t least, std::int64_t most) {
  return SettingsSchema<Range>{
      SettingField<Range>("min", &Range::min, "the least that is in the range").AtLeast(least).AtMost(most),
      SettingField<Range>("max", &Range::max, "the most that is in the range").AtLeast(least).AtMost(most),
  }
      .Validate([](const Range& range) {
        return range.min <= range.max ? absl::OkStatus()
                                      : InvalidArgument(StrCat("min ", range.min, " is above max ", range.max));
      });
}

template <typename Range>
absl::Status ReadRange(const DocumentNode& node, Range& out) {
  const bool is_null = node.kind == DocumentNode::Kind::kNull;
  if (is_null || (node.kind == DocumentNode::Kind::kMapping && node.entries.empty())) {
    return node.Error("a range needs min, max or both: {min: 1000}");
  }
  return Range::Schema().Read(node, out);
}

template <typename Range>
std::string FlowText(const Range& range) {
  return StrCat("{min: ", range.min, ", max: ", range.max, "}");
}

}  // namespace

const SettingsSchema<IdRange>& IdRange::Schema() {
  static const SettingsSchema<IdRange> schema = MakeSchema<IdRange>(0, kMaxId);
  return schema;
}

const SettingsSchema<PortRange>& PortRange::Schema() {
  static const SettingsSchema<PortRange> schema = MakeSchema<PortRange>(1, 65'535);
  return schema;
}

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds&, IdRange& out) { return ReadRange(node, out); }

absl::Status ReadSetting(const DocumentNode& node, const SettingBounds&, PortRange& out) {
  if (node.kind == DocumentNode::Kind::kMapping) return ReadRange(node, out);
  if (node.kind != DocumentNode::Kind::kInteger) return WrongSettingType(node, "a port or a range {min, max}");
  std::int64_t port = 0;
  if (absl::Status status = ReadSetting(node, {.at_least = 1, .at_most = 65'535}, port); !status.ok()) return status;
  out = {.min = port, .max = port};
  return absl::OkStatus();
}

std::string SettingText(const IdRange& range) { return FlowText(range); }

std::string SettingText(const PortRange& range) { return range.min == range.max ? StrCat(range.min) : FlowText(range); }

std::string RangesText(const std::vector<IdRange>& ranges) {
  std::string text;
  for (const IdRange& range : ranges) {
    StrAppend(&text, text.empty() ? "" : ", ", range.min);
    if (range.max != range.min) StrAppend(&text, "-", range.max);
  }
  return text;
}

}  // namespace tidewaiter
