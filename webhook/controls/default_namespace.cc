// SPDX-License-Identifier: Apache-2.0
//
// Namespaces for workloads
//
// Requirement: workloads live in a namespace made for them, where rights, quotas and network policies can be theirs.
//
// Fields:   metadata.namespace of the Pod or workload, which the request knows when the object does not say it
// Allowed:  a namespace that matches none of `denied`. An object that does not say its namespace, read from a file, is
//           not judged: the namespace is chosen when it is applied.
// Settings: denied (globs, default [default]).
// Injects:  nothing.
// Source:   CIS Kubernetes Benchmark, section 5.7.4 ("The default namespace should not be used")
#include "webhook/controls/base/control.h"
#include "webhook/controls/base/globs.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct DefaultNamespaceSettings {
  std::vector<std::string> denied = {"default"};

  static const SettingsSchema<DefaultNamespaceSettings>& Schema() {
    using S = DefaultNamespaceSettings;
    static const SettingsSchema<S> schema = {
        CheckedField("denied", &S::denied, "globs of namespaces that no workload may be in", CheckGlob)
            .NotEmpty("must hold at least one pattern"),
    };
    return schema;
  }
};

void CheckDefaultNamespace(const Pod& pod, const DefaultNamespaceSettings& settings, Findings& findings) {
  if (pod.namespace_name.empty() || !MatchesAny(settings.denied, pod.namespace_name)) return;
  findings.push_back(PodFinding(std::string(kNamespacePointer),
                                StrCat("must not be in namespace ", Quoted(pod.namespace_name)),
                                "metadata: {namespace: <a namespace made for this workload>}"));
}

}  // namespace

const Control& DefaultNamespaceControl() {
  static const Control control = MakeControl<DefaultNamespaceSettings, CheckDefaultNamespace>({
      .id = "default-namespace",
      .summary = "Workloads must not be in the namespace default.",
      .level = "recommended",
      .source = "CIS Kubernetes Benchmark, 5.7.4 (the default namespace should not be used)",
      .fields = {"metadata.namespace"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
