// SPDX-License-Identifier: Apache-2.0
//
// No names beside DNS
//
// Requirement: Pods find others through DNS alone: an entry in /etc/hosts that no one else sees can lead a well-known
//              name anywhere.
//
// Fields:   spec.hostAliases[*].{ip,hostnames}; they hold for every container of the Pod
// Allowed:  none; or entries whose hostnames each match one of `allowed`.
// Settings: allowed (globs of hostnames).
// Injects:  nothing.
// Source:   https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/
#include <algorithm>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct HostAliasesSettings {
  std::vector<std::string> allowed;

  static const SettingsSchema<HostAliasesSettings>& Schema() {
    using S = HostAliasesSettings;
    static const SettingsSchema<S> schema = {
        CheckedField("allowed", &S::allowed, "globs of hostnames that may be given", CheckGlob),
    };
    return schema;
  }
};

void CheckHostAliases(const Pod& pod, const HostAliasesSettings& settings, Findings& findings) {
  for (std::size_t i = 0; i < pod.host_aliases.size(); ++i) {
    const HostAlias& alias = pod.host_aliases[i];
    const auto denied = std::find_if(alias.hostnames.begin(), alias.hostnames.end(),
                                     [&](std::string_view name) { return !MatchesAny(settings.allowed, name); });
    if (denied == alias.hostnames.end()) continue;
    findings.push_back(
        PodFinding(StrCat("/spec/hostAliases/", i),
                   StrCat("must not set hostAliases for ", Quoted(*denied), " (", alias.ip.value_or("no ip"), ")"),
                   "hostAliases: []"));
  }
}

}  // namespace

const Control& HostAliasesControl() {
  static const Control control = MakeControl<HostAliasesSettings, CheckHostAliases>({
      .id = "host-aliases",
      .summary = "Pods must give no names to addresses beside DNS.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/",
      .fields = {"spec.hostAliases[*].hostnames"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
