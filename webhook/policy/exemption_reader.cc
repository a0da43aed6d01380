// SPDX-License-Identifier: Apache-2.0
//
// One exemption after the other.
#include "webhook/policy/exemption_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "webhook/kube/quoted.h"
#include "webhook/policy/image_globs.h"

namespace tidewaiter {
namespace {

// The ids under `controls`, as controls; "*" is all of them, which an empty list means inside.
void ReadExemptControls(const DocumentNode& list, const PolicyControls& controls, Exemption& exemption,
                        PolicyErrors& errors) {
  bool is_all = false;
  for (const DocumentNode& item : list.items) {
    if (item.text == "*") {
      is_all = true;
      continue;
    }
    const Control* control = FindControl(item.text);
    if (control == nullptr) {
      const std::string hint = errors.is_full() ? "" : ControlHint(item.text);
      errors.Take(item.Error(StrCat(Quoted(item.text), " is no control", hint)));
      continue;
    }
    if (const std::string why = controls.WhyNotApplied(*control); !why.empty()) {
      errors.Take(item.Error(StrCat(Quoted(item.text),
                                    " is not applied by this policy, so there is nothing to exempt "
                                    "from: ",
                                    why)));
    }
    exemption.controls.push_back(control);
  }
  if (is_all) exemption.controls.clear();
  std::sort(exemption.controls.begin(), exemption.controls.end());
}

// The schema has checked them.
std::vector<std::string> NormalImageGlobs(const std::vector<std::string>& globs) {
  std::vector<std::string> normal;
  normal.reserve(globs.size());
  for (const std::string& glob : globs) normal.push_back(NormalImageGlob(glob).value_or(glob));
  return normal;
}

}  // namespace

std::vector<Exemption> ReadExemptions(const DocumentNode& list, const std::vector<ExemptionDocument>& documents,
                                      const PolicyControls& controls, PolicyErrors& errors) {
  std::vector<Exemption> exemptions;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const ExemptionDocument& document = documents[i];
    const DocumentNode& item = list.items[i];
    if (!names.insert(document.name).second) errors.Take(item.Find("name")->Error("given twice in this policy"));
    Exemption exemption{.name = document.name,
                        .reason = document.reason,
                        .until = document.until.date,
                        .namespaces = document.match.namespaces,
                        .names = document.match.names,
                        .images = NormalImageGlobs(document.match.images),
                        .containers = document.match.containers,
                        .service_accounts = document.match.service_accounts,
                        .users = document.match.users,
                        .controls = {}};
    ReadExemptControls(*item.Find("controls"), controls, exemption, errors);
    exemptions.push_back(std::move(exemption));
  }
  return exemptions;
}

}  // namespace tidewaiter
