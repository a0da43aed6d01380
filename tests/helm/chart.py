# SPDX-License-Identifier: Apache-2.0
"""The chart, through Helm itself: rendered with values, and the objects that come of it. Used by the tests beside it."""

import functools
import json
import os
import pathlib
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cluster"))
CHART = ROOT / "helm" / "tidewaiter"
HELM = os.environ.get("HELM", str(ROOT / "build" / "tools" / "helm"))
BINARY = os.environ.get("TIDEWAITER", str(ROOT / "build" / "tidewaiter"))
DIGEST = "sha256:" + "0123456789abcdef" * 4
CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
POLICY = {"apiVersion": "tidewaiter.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "shop"},
          "spec": {"mode": "enforce", "controls": {"image-tag": {"mode": "enforce"}, "probes": {"mode": "warn"},
                                                   "run-as-user-range": {"ranges": [{"min": 1000, "max": 2147483647}]}},
                   "workloads": [{"group": "argoproj.io", "kind": "Rollout", "template": "/spec/template"}],
                   "exemptions": [{"name": "old", "match": {"namespaces": ["billing"]}, "controls": ["image-tag"],
                                   "reason": "until release 5", "until": "2099-06-30"}]}}

# Values that between them turn every choice of the chart: each is rendered offline, and taken by a real API server.
MATRIX = {
    "defaults": {},
    "enforce, pinned image": {"mode": "enforce", "image": {"digest": DIGEST, "repository": "registry.example.com/a/b"}},
    "warn": {"mode": "warn", "policies": {"shipped": ["production", "observe"], "documents": [POLICY]}},
    "one replica": {"replicas": 1, "supervise": False, "podDisruptionBudget": {"enabled": False},
                    "topologySpreadConstraints": [], "priorityClass": {"create": False}, "strategy": {"type": "Recreate", "rollingUpdate": None}},
    "cert-manager, own CA": {"certificates": {"mode": "certManager"}},
    "cert-manager, an issuer": {"certificates": {"mode": "certManager",
                                                 "certManager": {"issuerRef": {"name": "ca", "kind": "ClusterIssuer"}}}},
    "cert-manager, no API server": {"certificates": {"mode": "certManager"}, "cluster": {"enabled": False}},
    "a given Secret": {"certificates": {"mode": "secret", "secret": {"name": "webhook-tls", "caBundle": CA}}},
    "a given Secret, no API server": {"cluster": {"enabled": False}, "certificates": {
        "mode": "secret", "secret": {"name": "webhook-tls", "caBundle": CA}}},
    "custom resources": {"webhook": {"customWorkloads": [
        {"apiGroups": ["argoproj.io"], "resources": ["rollouts"]},
        {"apiGroups": ["jobset.x-k8s.io"], "apiVersions": ["v1alpha2"], "resources": ["jobsets"]}]}},
    "webhooks otherwise": {"webhook": {
        "excludedNamespaces": ["kube-system", "istio-system"], "annotations": {"example.com/a": "b"},
        "namespaceSelector": {"matchLabels": {"harden": "yes"},
                              "matchExpressions": [{"key": "env", "operator": "Exists"}]},
        "mutating": {"failurePolicy": "Fail", "timeoutSeconds": 1,
                     "matchConditions": [{"name": "not-robots", "expression": "request.userInfo.username != 'robot'"}]},
        "validating": {"failurePolicy": "Ignore", "timeoutSeconds": 30}, "policies": {"failurePolicy": "Fail"}}},
    "few doors": {"webhook": {"mutating": {"enabled": False}, "policies": {"enabled": False},
                              "defaultMatchConditions": False}},
    "policies of a ConfigMap": {"mode": "enforce", "policies": {"existingConfigMap": "ours"}},
    "policies as resources": {"policies": {"asResources": True, "documents": [POLICY]}},
    "no policies of the chart": {"policies": {"shipped": []}},
    "everything optional": {
        "autoscaling": {"enabled": True}, "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
        "dashboard": {"enabled": True, "annotations": {"folder": "Security"}},
        "networkPolicy": {"apiServerCIDRs": ["10.0.0.0/8", "fd00::/8"], "apiServerPorts": [6443]},
        "clientCA": {"configMap": "api-server-ca"}, "imagePullSecrets": [{"name": "pull"}],
        "extraArgs": ["--workers=4"], "extraEnv": [{"name": "TZ", "value": "UTC"}],
        "extraVolumes": [{"name": "more", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
        "nodeSelector": {"kubernetes.io/arch": "amd64"}, "commonLabels": {"team": "platform"},
        "tolerations": [{"key": "control-plane", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 1, "preference": {"matchExpressions": [{"key": "fast", "operator": "Exists"}]}}]}},
        "podLabels": {"sidecar": "no"}, "podAnnotations": {"a": "b"}, "deploymentAnnotations": {"a": "b"},
        "service": {"annotations": {"a": "b"}, "ipFamilyPolicy": "SingleStack"},
        "serviceAccount": {"annotations": {"a": "b"}}},
    "monitored by Pods": {"podMonitor": {"enabled": True}, "networkPolicy": {"metricsFrom": []}},
    "names of its own": {"fullnameOverride": "gate", "nameOverride": "gatekeeping",
                         "serviceAccount": {"create": False, "name": "robot"}, "rbac": {"create": False},
                         "crd": {"install": False}, "networkPolicy": {"enabled": False}},
    "OpenShift": {"podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}},
    "the node's network": {"hostNetwork": True, "ports": {"webhook": 10443, "ops": 10080}, "listenAddress": "[::]"},
}


def helm(*arguments, values=None, check=True, environment=None):
    """Runs Helm; values go in on standard input. Returns what it printed, or, without `check`, (exit code, all output)."""
    command = [HELM, *map(str, arguments)]
    if values is not None:
        command += ["--values", "-"]
    done = subprocess.run(command, input=json.dumps(values or {}), capture_output=True, text=True, timeout=120,
                          env={**os.environ, **(environment or {})}, check=False)
    if not check:
        return done.returncode, done.stdout + done.stderr
    if done.returncode != 0:
        raise AssertionError(f"helm {' '.join(map(str, arguments))}: {done.stderr}{done.stdout}")
    return done.stdout


def render(values=None, namespace="tidewaiter", check=True):
    """`helm template` as text."""
    arguments = ["template", "tidewaiter", CHART, "--namespace", namespace, "--kube-version", "1.37.0"]
    if (values or {}).get("policies", {}).get("asResources") and check:
        arguments += ["--api-versions", "tidewaiter.dev/v1alpha1/PodPolicy"]
    return helm(*arguments, values=values or {}, check=check)


@functools.lru_cache(maxsize=None)
def _render_once(values):
    return render(json.loads(values))


def objects(values=None):
    """`helm template` as objects."""
    return [each for each in yaml.safe_load_all(_render_once(json.dumps(values or {}))) if each]


def find(documents, kind, name=None):
    """The one object of the kind, of that name; None when there is none."""
    found = [each for each in documents if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    if len(found) > 1:
        raise AssertionError(f"{len(found)} objects of kind {kind}: {[each['metadata']['name'] for each in found]}")
    return found[0] if found else None


def review(document, *policies, door="validate"):
    """What `tidewaiter review` says to its creation in the namespace tidewaiter."""
    group, _, version = document["apiVersion"].rpartition("/")
    resource = document["kind"].lower() + "s"
    request = {"uid": "1", "operation": "CREATE", "namespace": "tidewaiter", "name": document["metadata"]["name"],
               "kind": {"group": group, "version": version, "kind": document["kind"]},
               "resource": {"group": group, "version": version, "resource": resource},
               "userInfo": {"username": "admin"}, "object": document}
    text = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
    command = [BINARY, "review", "--door", door]
    for policy in policies:
        command += ["--policies", str(policy)]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["response"]
