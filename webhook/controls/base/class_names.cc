// SPDX-License-Identifier: Apache-2.0
//
// The same sentence for each class.
#include "webhook/controls/base/class_names.h"

#include "webhook/controls/base/globs.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {

void CheckClassName(std::string_view field, std::optional<std::string_view> name, const ClassNames& names,
                    Findings& findings) {
  const bool is_set = name.has_value() && !name->empty();
  const std::string_view why_not = is_set ? WhyNotAllowed(names.allowed, names.denied, *name) : std::string_view();
  if (is_set ? why_not.empty() : !names.is_required) return;
  findings.push_back(PodFinding(
      StrCat("/spec/", field),
      is_set ? StrCat("must not set ", field, "=", Quoted(*name), ": ", why_not) : StrCat("must set ", field),
      StrCat(field, ": ", names.allowed.empty() ? std::string_view("<an allowed class>") : names.allowed.front())));
}

}  // namespace tidewaiter
