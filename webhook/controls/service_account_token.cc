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
// Settings: allowedAccounts (globs).
// Injects:  nothing, because it would not take the token away: the API server's own plug-in runs before webhooks and
//           has put the volume kube-api-access-* and its mounts into the Pod already when the field is not set. A Pod
//           that says false and yet has that volume keeps its token; it is denied here by the volume.
// Source:   CIS Kubernetes Benchmark, section 5.1.6 ("Service Account Tokens are only mounted where necessary");
//           Kubernetes plugin/pkg/admission/serviceaccount (shouldAutomount, mountServiceAccountToken)
#include <algorithm>

#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct ServiceAccountTokenSettings {
  std::vector<std::string> allowed_accounts;

  static const SettingsSchema<ServiceAccountTokenSettings>& Schema() {
    using S = ServiceAccountTokenSettings;
    static const SettingsSchema<S> schema = {
        CheckedField("allowedAccounts", &S::allowed_accounts,
                     "globs of service account names whose Pods may have a token; no name in the Pod is default",
                     CheckGlob),
    };
    return schema;
  }
};

bool HoldsToken(const Volume& volume) {
  if (!volume.projected.has_value()) return false;
  const auto& sources = volume.projected->sources;
  return std::any_of(sources.begin(), sources.end(), [](const VolumeProjection& source) {
    const auto& token = source.service_account_token;
    return token.has_value() && token->audience.value_or("").empty();
  });
}

void Check(const Pod& pod, const ServiceAccountTokenSettings& settings, Findings& findings) {
  if (pod.is_mirror()) return;
  const std::string_view account = pod.service_account_name;
  if (MatchesAny(settings.allowed_accounts, account.empty() ? std::string_view("default") : account)) return;
  const bool is_automounted = pod.automount_service_account_token != false;
  if (is_automounted) {
    findings.push_back(PodFinding("/spec/automountServiceAccountToken", "must set automountServiceAccountToken=false",
                                  "automountServiceAccountToken: false"));
  }
  for (std::size_t i = 0; i < pod.volumes.size(); ++i) {
    const Volume& volume = pod.volumes[i];
    if (!HoldsToken(volume)) continue;
    // That volume is the API server's doing: the finding above says what to write.
    const bool is_automatic = volume.name.starts_with("kube-api-access-");
    if (is_automatic && is_automounted) continue;
    findings.push_back(VolumeFinding(
        volume, i, "/projected/sources",
        is_automatic ? "must not be in the Pod: automountServiceAccountToken=false was set too late to take it away"
                     : "must not project a serviceAccountToken for the API server",
        is_automatic ? "automountServiceAccountToken: false  # in the manifest, not by a webhook"
                     : "serviceAccountToken: {audience: <who is to accept it>, path: token}"));
  }
}

}  // namespace

const Control& ServiceAccountTokenControl() {
  static const Control control = MakeControl<ServiceAccountTokenSettings, Check>({
      .id = "service-account-token",
      .summary = "Pods that do not talk to the API server must not get a token for it.",
      .level = "recommended",
      .source = "CIS Kubernetes Benchmark, 5.1.6 (tokens are only mounted where necessary)",
      .fields = {"spec.automountServiceAccountToken", "spec.volumes[*].projected.sources[*].serviceAccountToken",
                 "spec.serviceAccountName"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
