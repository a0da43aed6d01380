// SPDX-License-Identifier: Apache-2.0
//
// A service account of one's own
//
// Requirement: Pods run under a service account that was made for them, not under the namespace's default.
//
// Fields:   spec.serviceAccountName, spec.serviceAccount (its old name)
// Allowed:  a name that matches one of `allowed` and none of `denied`. Unset is "default": that is what the API server
//           makes of it. Mirror Pods are not judged: they may have none.
// Settings: allowed (globs, empty allows all), denied (globs, win over allowed; default [default]).
// Injects:  nothing: which account, and with what rights, is the author's to say.
// Source:   CIS Kubernetes Benchmark, section 5.1.5 ("Ensure that default service accounts are not actively used");
//           Kubernetes plugin/pkg/admission/serviceaccount for the default
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct ServiceAccountSettings {
  std::vector<std::string> allowed;
  std::vector<std::string> denied = {"default"};

  static const SettingsSchema<ServiceAccountSettings>& Schema() {
    using S = ServiceAccountSettings;
    static const SettingsSchema<S> schema = {
        CheckedField("allowed", &S::allowed, "globs of names; empty allows all", CheckGlob),
        CheckedField("denied", &S::denied, "globs of names that are never allowed", CheckGlob),
    };
    return schema;
  }
};

void CheckServiceAccount(const Pod& pod, const ServiceAccountSettings& settings, Findings& findings) {
  if (pod.is_mirror()) return;
  const bool is_set = !pod.service_account_name.empty();
  const std::string_view name = is_set ? std::string_view(pod.service_account_name) : std::string_view("default");
  const std::string_view why_not = WhyNotAllowed(settings.allowed, settings.denied, name);
  if (why_not.empty()) return;
  findings.push_back(
      PodFinding("/spec/serviceAccountName",
                 StrCat(is_set ? "must not set serviceAccountName=" : "must set serviceAccountName, unset it is ",
                        Quoted(name), ": ", why_not),
                 "serviceAccountName: <a service account made for this workload>"));
}

}  // namespace

const Control& ServiceAccountControl() {
  static const Control control = MakeControl<ServiceAccountSettings, CheckServiceAccount>({
      .id = "service-account",
      .summary = "Pods must run under a service account of their own, not under the namespace's default.",
      .level = "recommended",
      .source = "CIS Kubernetes Benchmark, 5.1.5 (default service accounts are not actively used)",
      .fields = {"spec.serviceAccountName"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
