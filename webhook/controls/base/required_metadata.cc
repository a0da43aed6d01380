// SPDX-License-Identifier: Apache-2.0
//
// Keys looked up, values matched.
#include "webhook/controls/base/required_metadata.h"

#include "absl/strings/str_join.h"
#include "webhook/controls/base/globs.h"
#include "webhook/kube/field_path.h"
#include "webhook/kube/label_selector.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

absl::Status CheckRequiredMetadata(const RequiredMetadata& required) {
  if (required.empty()) return InvalidArgument("must name at least one key");
  for (const auto& [key, globs] : required) {
    if (absl::Status status = ValidateLabelKey(key); !status.ok()) return status;
    for (const std::string& glob : globs) {
      const absl::Status status = CheckGlob(glob);
      if (!status.ok()) return InvalidArgument(StrCat(key, ": ", MessageOf(status)));
    }
  }
  return absl::OkStatus();
}

void CheckMetadata(const TextMap<std::string_view>& metadata, std::string_view kind, const RequiredMetadata& required,
                   Findings& findings) {
  for (const auto& [key, globs] : required) {
    const auto found = metadata.find(key);
    const std::string_view value = found == metadata.end() ? std::string_view() : std::string_view(found->second);
    if (globs.empty() ? !value.empty() : found != metadata.end() && MatchesAny(globs, value)) continue;
    std::string requirement = StrCat("must set ", kind, " ", Quoted(key));
    if (!globs.empty()) StrAppend(&requirement, " to ", absl::StrJoin(globs, " or "));
    if (found != metadata.end()) StrAppend(&requirement, " (is ", Quoted(value), ")");
    findings.push_back(PodFinding(StrCat("/metadata/", kind, "s/", EscapePointerToken(key)), std::move(requirement),
                                  StrCat(kind, "s: {", key, ": ", globs.empty() ? "<value>" : globs.front(), "}")));
  }
}

}  // namespace tidewaiter
