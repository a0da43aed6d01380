// SPDX-License-Identifier: Apache-2.0
//
// Each place that can hold an id, judged by itself.
#include "webhook/controls/base/id_settings.h"

#include <string>

namespace tidewaiter {
namespace {

std::string OutOfRange(const IdField& field, const std::vector<IdRange>& ranges, std::int64_t id) {
  return StrCat("must set securityContext.", field.name, " within ", RangesText(ranges), " (is ", id, ")");
}

}  // namespace

void CheckIds(const Pod& pod, const IdField& field, const std::vector<IdRange>& ranges, bool is_required,
              Findings& findings) {
  const auto pointer = [&] { return StrCat("/securityContext/", field.name); };
  const auto remedy = [&] { return StrCat("securityContext: {", field.name, ": ", ranges.front().min, "}"); };
  std::optional<std::int64_t> shared;
  if (pod.security_context.has_value()) shared = (*pod.security_context).*field.of_pod;
  if (shared.has_value() && !Contains(ranges, *shared)) {
    findings.push_back(PodFinding("/spec" + pointer(), OutOfRange(field, ranges, *shared), remedy()));
  }
  for (const Container& container : pod.containers) {
    std::optional<std::int64_t> own;
    if (container.security_context.has_value()) own = (*container.security_context).*field.of_container;
    if (own.has_value()) {
      if (Contains(ranges, *own)) continue;
      findings.push_back(ContainerFinding(container, pointer(), OutOfRange(field, ranges, *own), remedy()));
    } else if (is_required && !shared.has_value()) {
      findings.push_back(
          ContainerFinding(container, pointer(),
                           StrCat("must set securityContext.", field.name, " within ", RangesText(ranges)), remedy()));
    }
  }
}

}  // namespace tidewaiter
