// SPDX-License-Identifier: Apache-2.0
//
// Name resolution
//
// Requirement: Pods resolve names where the policy says; by default through the cluster's DNS, not through the node's
//              (Default) or a server of their own (None with dnsConfig), which network policies and logs do not see.
//
// Fields:   spec.dnsPolicy; it holds for every container of the Pod
// Allowed:  one of `allowed`; unset is ClusterFirst, as the API server fills it in.
// Settings: allowed (default [ClusterFirst, ClusterFirstWithHostNet]).
// Injects:  nothing.
// Source:   https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy
#include "absl/strings/str_join.h"
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct DnsPolicySettings {
  std::vector<std::string> allowed = {"ClusterFirst", "ClusterFirstWithHostNet"};

  static const SettingsSchema<DnsPolicySettings>& Schema() {
    using S = DnsPolicySettings;
    static const SettingsSchema<S> schema = {
        SettingField<S>("allowed", &S::allowed, "the policies that may be used")
            .NotEmpty("must hold at least one policy")
            .OneOf({"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"}),
    };
    return schema;
  }
};

void CheckDnsPolicy(const Pod& pod, const DnsPolicySettings& settings, Findings& findings) {
  const bool is_set = pod.dns_policy.has_value() && !pod.dns_policy->empty();
  const std::string_view policy = is_set ? std::string_view(*pod.dns_policy) : std::string_view("ClusterFirst");
  if (Holds(settings.allowed, policy)) return;
  findings.push_back(PodFinding("/spec/dnsPolicy",
                                StrCat("must set dnsPolicy=", absl::StrJoin(settings.allowed, " or "),
                                       is_set ? " (is " : " (unset, it is ", Quoted(policy), ")"),
                                StrCat("dnsPolicy: ", settings.allowed.front())));
}

}  // namespace

const Control& DnsPolicyControl() {
  static const Control control = MakeControl<DnsPolicySettings, CheckDnsPolicy>({
      .id = "dns-policy",
      .summary = "Pods must resolve names through the cluster's DNS, or as the policy says.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy",
      .fields = {"spec.dnsPolicy"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
