// SPDX-License-Identifier: Apache-2.0
//
// No token of the API server
//
// Requirement: Pods that do not talk to the API server get no token for it.
//
// Fields:   spec.automountServiceAccountToken, spec.volumes[*].projected.sources[*].serviceAccountToken
// Allowed:  automountServiceAccountToken=false, and no volume with a token for the API server. A token for another
//           `audience` (a vault, a cloud) is no such token. Everything for a service account in `allowedAccounts`.
//           The field must be in the Pod: what its service account says cannot be seen from here. Mirror Pods are not
//           judged: they can have no token.
// Settings: allowedAccounts (globs), inject.
// Injects:  automountServiceAccountToken=false where it is not set. The API server's own plug-in runs before webhooks
//           and has put the volume kube-api-access-* and its mounts into the Pod by then: they are taken out again.
//           (After the webhooks the plug-in runs once more, and now leaves the Pod alone.)
// Source:   CIS Kubernetes Benchmark, section 5.1.6 ("Service Account Tokens are only mounted where necessary");
//           Kubernetes plugin/pkg/admission/serviceaccount (shouldAutomount, mountServiceAccountToken)
#include <algorithm>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/controls/base/service_account_tokens.h"

namespace tidewaiter {
namespace {

struct ServiceAccountTokenSettings {
  bool inject = false;
  std::vector<std::string> allowed_accounts;

  bool Allows(const Pod& pod) const {
    const std::string_view account = pod.service_account_name;
    return MatchesAny(allowed_accounts, account.empty() ? std::string_view("default") : account);
  }

  static const SettingsSchema<ServiceAccountTokenSettings>& Schema() {
    using S = ServiceAccountTokenSettings;
    static const SettingsSchema<S> schema = {
        {"inject", &S::inject, "set automountServiceAccountToken=false where it is not set"},
        CheckedField("allowedAccounts", &S::allowed_accounts,
                     "globs of service account names whose Pods may have a token; no name in the Pod is default",
                     CheckGlob),
    };
    return schema;
  }
};

void CheckServiceAccountToken(const Pod& pod, const ServiceAccountTokenSettings& settings, Findings& findings) {
  if (pod.is_mirror() || settings.Allows(pod)) return;
  const bool is_automounted = pod.automount_service_account_token != false;
  if (is_automounted) {
    Finding& finding = findings.emplace_back(PodFinding("/spec/automountServiceAccountToken",
                                                        "must set automountServiceAccountToken=false",
                                                        "automountServiceAccountToken: false"));
    // A Pod as the cluster shows it holds the token already, and what put it there would have to go out as well.
    if (std::none_of(pod.volumes.begin(), pod.volumes.end(), IsAutomaticTokenVolume)) finding.fix = "false";
  }
  for (std::size_t i = 0; i < pod.volumes.size(); ++i) {
    const Volume& volume = pod.volumes[i];
    if (!HoldsApiServerToken(volume)) continue;
    // That volume is the API server's doing: the finding above says what to write.
    const bool is_automatic = IsAutomaticTokenVolume(volume);
    if (is_automatic && is_automounted) continue;
    findings.push_back(VolumeFinding(
        volume, i, "/projected/sources",
        is_automatic
            ? Phrase("must not be in the Pod: automountServiceAccountToken=false was set too late to take it away")
            : Phrase("must not project a serviceAccountToken for the API server"),
        is_automatic ? Phrase("automountServiceAccountToken: false  # in the manifest, not by a webhook")
                     : Phrase("serviceAccountToken: {audience: <who is to accept it>, path: token}")));
  }
}

void InjectServiceAccountToken(const ServiceAccountTokenSettings& settings, Editor& editor) {
  const Pod& pod = editor.pod();
  if (!settings.inject || !editor.may_edit_pod() || settings.Allows(pod)) return;
  if (!pod.automount_service_account_token.has_value()) editor.SetNoServiceAccountToken();
}

}  // namespace

const Control& ServiceAccountTokenControl() {
  static const Control control =
      MakeControl<ServiceAccountTokenSettings, CheckServiceAccountToken, InjectServiceAccountToken>({
          .id = "service-account-token",
          .summary = "Pods that do not talk to the API server must not get a token for it.",
          .level = "recommended",
          .source = "CIS Kubernetes Benchmark, 5.1.6 (tokens are only mounted where necessary)",
          .fields = {"spec.automountServiceAccountToken", "spec.volumes[*].projected.sources[*].serviceAccountToken",
                     "spec.serviceAccountName"},
          .injects = "automountServiceAccountToken=false, and the volume kube-api-access-* with its mounts goes out",
      });
  return control;
}

}  // namespace tidewaiter
