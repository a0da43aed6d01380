// SPDX-License-Identifier: Apache-2.0
//
// No node by name
//
// Requirement: the scheduler chooses the node. Who writes its name passes by taints, node affinity and resources.
//
// Fields:   spec.nodeName; it holds for every container of the Pod
// Allowed:  unset. Not judged: a Pod that has its node already (status condition PodScheduled), since the scheduler
//           writes the same field through pods/binding and the next update of the Pod shows it; and mirror Pods, which
//           a node's own files made. Pods of a DaemonSet name their node by affinity, not by this field.
// Settings: none.
// Injects:  nothing.
// Source:   https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename (warning)
#include "webhook/controls/base/control.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct NodeNameSettings {
  static const SettingsSchema<NodeNameSettings>& Schema() {
    static const SettingsSchema<NodeNameSettings> schema = {};
    return schema;
  }
};

void CheckNodeName(const Pod& pod, const NodeNameSettings&, Findings& findings) {
  if (pod.node_name.empty() || pod.is_scheduled || pod.is_mirror()) return;
  findings.push_back(PodFinding("/spec/nodeName", StrCat("must not set nodeName=", Quoted(pod.node_name)),
                                StrCat("nodeSelector: {kubernetes.io/hostname: ", pod.node_name, "}")));
}

}  // namespace

const Control& NodeNameControl() {
  static const Control control = MakeControl<NodeNameSettings, CheckNodeName>({
      .id = "node-name",
      .summary = "Pods must leave the choice of the node to the scheduler.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename",
      .fields = {"spec.nodeName", "status.conditions[*]"},
      .injects = "",
  });
  return control;
}

}  // namespace tidewaiter
