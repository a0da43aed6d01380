// SPDX-License-Identifier: Apache-2.0
//
// Supplemental groups
//
// Requirement: containers get no further groups but those that the policy allows; by default any but root's, 0.
//
// Fields:   spec.securityContext.{supplementalGroups,supplementalGroupsPolicy}; containers have no such fields
// Allowed:  groups in one of `ranges`, or none. With `requireStrict` also supplementalGroupsPolicy=Strict: otherwise
//           the runtime adds the groups that the image's /etc/group has for the user, which no one reviewed.
//           Pods with spec.os.name=windows are not judged: the API server refuses the fields there.
// Settings: ranges, requireStrict, inject.
// Injects:  supplementalGroupsPolicy=Strict where it is not set. A node whose runtime does not know it (before
//           containerd 2.0, CRI-O 1.31) rejects such a Pod. Never on Windows.
// Source:   https://kubernetes.io/docs/tasks/configure-pod-container/security-context/#supplementalgroupspolicy;
//           KEP-3619
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/integer_ranges.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct SupplementalGroupsSettings {
  std::vector<IdRange> ranges = {{.min = 1}};
  bool require_strict = false;
  bool inject = false;

  static const SettingsSchema<SupplementalGroupsSettings>& Schema() {
    using S = SupplementalGroupsSettings;
    static const SettingsSchema<S> schema = {
        SettingField<S>("ranges", &S::ranges, "the groups that are allowed").NotEmpty(kSomeRange),
        {"requireStrict", &S::require_strict, "also require supplementalGroupsPolicy=Strict (Kubernetes 1.33)"},
        {"inject", &S::inject, "set supplementalGroupsPolicy=Strict where it is not set"},
    };
    return schema;
  }
};

std::optional<std::string_view> Policy(const Pod& pod) {
  return pod.security_context.has_value() ? pod.security_context->supplemental_groups_policy : std::nullopt;
}

void CheckSupplementalGroups(const Pod& pod, const SupplementalGroupsSettings& settings, Findings& findings) {
  if (pod.is_windows()) return;
  if (pod.security_context.has_value()) {
    const std::vector<std::int64_t>& groups = pod.security_context->supplemental_groups;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (Contains(settings.ranges, groups[i])) continue;
      findings.push_back(
          PodFinding(StrCat("/spec/securityContext/supplementalGroups/", i),
                     StrCat("must set securityContext.supplementalGroups within ", RangesText(settings.ranges),
                            " (has ", groups[i], ")"),
                     StrCat("securityContext: {supplementalGroups: [", settings.ranges.front().min, "]}")));
    }
  }
  if (settings.require_strict && Policy(pod) != "Strict") {
    findings
        .emplace_back(PodFinding("/spec/securityContext/supplementalGroupsPolicy",
                                 "must set securityContext.supplementalGroupsPolicy=Strict",
                                 "securityContext: {supplementalGroupsPolicy: Strict}"))
        .fix = R"("Strict")";
  }
}

void InjectSupplementalGroups(const SupplementalGroupsSettings& settings, Editor& editor) {
  if (!settings.inject || !editor.may_edit_pod() || editor.pod().is_windows()) return;
  if (!Policy(editor.pod()).has_value()) editor.SetSupplementalGroupsPolicy("Strict");
}

}  // namespace

const Control& SupplementalGroupsControl() {
  static const Control control =
      MakeControl<SupplementalGroupsSettings, CheckSupplementalGroups, InjectSupplementalGroups>({
          .id = "supplemental-groups",
          .summary = "Containers must get no further groups but those that the policy allows.",
          .level = "recommended",
          .source =
              "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/#supplementalgroupspolicy",
          .fields = {"spec.securityContext.supplementalGroups", "spec.securityContext.supplementalGroupsPolicy"},
          .injects = "supplementalGroupsPolicy=Strict",
      });
  return control;
}

}  // namespace tidewaiter
