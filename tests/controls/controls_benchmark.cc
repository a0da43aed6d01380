// SPDX-License-Identifier: Apache-2.0
//
// Each control's check, with its default settings, on a Pod that has something of everything and breaks little: what a
// control costs every Pod that is as it should be. Aim: below 200 ns each.
#include <benchmark/benchmark.h>

#include "webhook/controls/base/control.h"
#include "webhook/kube/pod_decoder.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kPod = R"({
  "metadata": {"labels": {"app": "web"}, "annotations": {}},
  "spec": {"automountServiceAccountToken": false, "serviceAccountName": "web", "hostUsers": false,
    "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "runtimeClassName": "gvisor",
    "securityContext": {"runAsNonRoot": true, "runAsUser": 20000, "runAsGroup": 20000, "fsGroup": 20000,
      "supplementalGroups": [20000], "seccompProfile": {"type": "RuntimeDefault"}},
    "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}, {"name": "conf", "configMap": {"name": "c"}}],
    "containers": [
      {"name": "web", "image": "registry.example.com/shop/web:1.2.3", "imagePullPolicy": "Always",
       "ports": [{"containerPort": 8080}, {"containerPort": 9090}],
       "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "LISTEN", "value": ":8080"},
               {"name": "DATABASE_HOST", "value": "db.shop.svc.cluster.local"}, {"name": "GOMAXPROCS", "value": "2"}],
       "livenessProbe": {"httpGet": {"port": 8080}}, "readinessProbe": {"httpGet": {"port": 8080}},
       "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, {"name": "conf", "mountPath": "/c", "subPath": "x"}],
       "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
       "securityContext": {"readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
         "capabilities": {"drop": ["ALL"]}}}]}})";

void BM_Check(benchmark::State& state, const Control* control) {
  const JsonDocument document = *JsonDocument::Parse(kPod);
  Pod pod = *DecodePod(document.root());
  pod.namespace_name = "shop";
  const ControlSettings settings = *control->parse(nullptr, {});
  Findings findings;
  for (auto _ : state) {
    control->check(pod, settings.get(), findings);
    benchmark::DoNotOptimize(findings.data());
    findings.clear();
  }
}

const bool kRegistered = [] {
  for (const Control* control : AllControls()) {
    benchmark::RegisterBenchmark(std::string(control->info.id).c_str(), BM_Check, control);
  }
  return true;
}();

}  // namespace
}  // namespace tidewaiter
