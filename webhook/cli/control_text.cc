// SPDX-License-Identifier: Apache-2.0
//
// Words for the fields of a ControlInfo.
#include "webhook/cli/control_text.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

void AddSettingLines(const SchemaDescription& settings, const std::string& prefix, std::vector<SettingLine>& lines) {
  for (const SettingDescription& setting : settings) {
    std::string help = setting.help;
    if (const auto& one_of = setting.bounds.one_of; !one_of.empty()) {
      const std::vector<std::string> allowed(one_of.begin(), one_of.end());
      StrAppend(&help, " (", absl::StrJoin(allowed, ", "), ")");
    }
    lines.push_back({.key = prefix + setting.key,
                     .type = setting.type,
                     .default_text = setting.default_text,
                     .help = std::move(help)});
    AddSettingLines(setting.children, StrCat(prefix, setting.key, "."), lines);
  }
}

}  // namespace

std::string SinceText(const ControlInfo& info) {
  if (info.level == "recommended") return {};
  return info.since_minor == 0 ? " (in every version of the Pod Security Standards)"
                               : StrCat(" (in the Pod Security Standards from v1.", info.since_minor, " on)");
}

std::vector<std::string_view> OverriddenBy(std::string_view id) {
  std::vector<std::string_view> ids;
  for (const Control* control : AllControls()) {
    const auto& overrides = control->info.overrides;
    if (std::find(overrides.begin(), overrides.end(), id) != overrides.end()) ids.push_back(control->info.id);
  }
  return ids;
}

std::vector<SettingLine> SettingLines(const SchemaDescription& settings) {
  std::vector<SettingLine> lines;
  AddSettingLines(settings, "", lines);
  return lines;
}

}  // namespace tidewaiter
