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
  std::string pointer;
  std::string remedy;
  const auto write = [&] {
    if (!pointer.empty()) return;
    pointer = StrCat("/securityContext/", field.name);
    remedy = StrCat("securityContext: {", field.name, ": ", ranges.front().min, "}");
  };
  std::optional<std::int64_t> shared;
  if (pod.security_context.has_value()) shared = (*pod.security_context).*field.of_pod;
  if (shared.has_value() && !Contains(ranges, *shared)) {
    write();
    findings.push_back(PodFinding("/spec" + pointer, OutOfRange(field, ranges, *shared), remedy));
  }
  std::string text;
  std::int64_t text_id = 0;
  for (const Container& container : pod.containers) {
    std::optional<std::int64_t> own;
    if (container.security_context.has_value()) own = (*container.security_context).*field.of_container;
    if (own.has_value()) {
      if (Contains(ranges, *own)) continue;
      // Containers of one Pod mostly have the same.
      if (text.empty() || *own != text_id) text = OutOfRange(field, ranges, text_id = *own);
      write();
      findings.push_back(ContainerFinding(container, pointer, text, remedy));
    } else if (is_required && !shared.has_value()) {
      write();
      findings.push_back(ContainerFinding(
          container, pointer, StrCat("must set securityContext.", field.name, " within ", RangesText(ranges)), remedy));
    }
  }
}

}  // namespace tidewaiter
