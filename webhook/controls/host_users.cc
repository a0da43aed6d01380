// SPDX-License-Identifier: Apache-2.0
//
// User namespaces
//
// Requirement: Pods run in a user namespace of their own, so that root in a container is nobody on the node.
//
// Fields:   spec.hostUsers; it holds for every container of the Pod
// Allowed:  false. Pods with spec.os.name=windows are not judged: the API server refuses the field there.
// Settings: inject.
// Injects:  hostUsers=false where it is not set. Not beside hostNetwork, hostPID, hostIPC or any volumeDevices, which
//           the API server refuses together, and never on Windows. A node whose kernel, runtime or file systems (NFS)
//           cannot map ids does not start such a Pod, so try it on a few namespaces first.
// Source:   https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/; KEP-127; core/v1 validation
//           (validateHostUsers)
#include "webhook/controls/base/control.h"
#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

struct HostUsersSettings {
  bool inject = false;

  static const SettingsSchema<HostUsersSettings>& Schema() {
    using S = HostUsersSettings;
    static const SettingsSchema<S> schema = {
        {"inject", &S::inject, "set hostUsers=false where it is not set and nothing forbids it"},
    };
    return schema;
  }
};

// What the API server refuses beside hostUsers=false, the first of it; "" when there is nothing.
std::string_view Conflict(const Pod& pod) {
  if (pod.host_network == true) return "hostNetwork=true";
  if (pod.host_pid == true) return "hostPID=true";
  if (pod.host_ipc == true) return "hostIPC=true";
  for (const Container& container : pod.containers) {
    if (!container.volume_devices.empty()) return "volumeDevices";
  }
  return {};
}

void CheckHostUsers(const Pod& pod, const HostUsersSettings&, Findings& findings) {
  if (pod.is_windows() || pod.host_users == false) return;
  const std::string_view conflict = Conflict(pod);
  Finding& finding = findings.emplace_back(PodFinding(
      "/spec/hostUsers",
      conflict.empty() ? std::string("must set hostUsers=false")
                       : StrCat("must set hostUsers=false, which cannot be together with ", conflict),
      conflict.empty() ? std::string("hostUsers: false") : StrCat("hostUsers: false  # without ", conflict)));
  if (conflict.empty()) finding.fix = "false";
}

void InjectHostUsers(const HostUsersSettings& settings, Editor& editor) {
  const Pod& pod = editor.pod();
  if (!settings.inject || !editor.may_edit_pod() || pod.is_windows()) return;
  if (!pod.host_users.has_value() && Conflict(pod).empty()) editor.SetHostUsers(false);
}

}  // namespace

const Control& HostUsersControl() {
  static const Control control = MakeControl<HostUsersSettings, CheckHostUsers, InjectHostUsers>({
      .id = "host-users",
      .summary = "Pods must run in a user namespace of their own.",
      .level = "recommended",
      .source = "https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/",
      .fields = {"spec.hostUsers", "spec.hostNetwork", "spec.hostPID", "spec.hostIPC",
                 "spec.containers[*].volumeDevices"},
      .injects = "hostUsers=false",
  });
  return control;
}

}  // namespace tidewaiter
